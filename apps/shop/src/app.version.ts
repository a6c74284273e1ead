import { readFileSync } from 'node:fs';

// The same distance from `src` and from `dist`.
const MANIFEST = new URL('../package.json', import.meta.url);

/** The version of the shop, as its package.json has it. */
export function readShopVersion(): string {
  const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string };
  return version;
}
