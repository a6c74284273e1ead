import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { Row } from '../../query/sql-executor.port.js';
import type { Arguments } from '../defined-filters.js';
import type { CursorValues } from './cursor.js';
import type { PageOrder } from './page-order.js';

/** What is read: `limit` rows after a cursor. */
export interface PageRequest {
  readonly table: ModelTable;
  /** In the direction of reading. */
  readonly order: PageOrder;
  readonly cursor: CursorValues | undefined;
  /** In Prisma's language, the repository's own scope included. */
  readonly where: Arguments | undefined;
  readonly limit: number;
  readonly operation: string;
}

/** A row by its keys. */
export interface KeyRow {
  /** The row's values of the columns that were asked for, by field. */
  readonly fields: Row;
  /** Where it stands. */
  readonly cursor: CursorValues;
}

/** What was found. */
export interface PageRows {
  readonly rows: readonly KeyRow[];
  /** Whether there is a row on the other side of the cursor. */
  readonly hasBefore: boolean;
}

/** Finds the rows of a page and gives the values of `fields`. */
export type PageReader = (request: PageRequest, fields: readonly ModelColumn[]) => Promise<PageRows>;
