import type { CursorKeys } from './cursor-keys.js';

/** What the pages of a connection have in common. */
export interface PageSettings {
  /** The name of the connection. */
  readonly connection: string;
  readonly keys: CursorKeys;
  readonly maxPageSize: number;
}
