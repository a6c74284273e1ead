import { partsOf } from '../../query/database.js';
import type { ModelColumn } from '../../query/model-table.js';
import type { Row } from '../../query/sql-executor.port.js';
import type { Arguments } from '../defined-filters.js';
import { keyText } from '../record-keys.js';
import type { RepositoryContext } from '../repository-context.js';
import type { CursorValues } from './cursor.js';
import { reversed, toOrderBy } from './page-order.js';
import type { KeyRow, PageRequest, PageRows } from './page-reader.js';
import { wherePrismaAfter } from './prisma-bound.js';
import { readKeys } from './sql-page-reader.js';
import { locateStatement, PLACE } from './locate-statement.js';

const LARGER_STEP = 1_000;

/**
 * Finds the rows of a page with a condition that only Prisma understands. Prisma's language has no row values and no
 * microseconds, so it is asked for the rows from the cursor's millisecond on, and SQL says of the rows it found, by their
 * keys, where they stand.
 */
export async function readPageByPrisma(
  context: RepositoryContext,
  request: PageRequest,
  key: readonly ModelColumn[],
): Promise<PageRows> {
  const rows = await readAfter(context, request, key, false);
  if (request.cursor === undefined) return { rows, hasBefore: false };
  const opposite = { ...request, order: reversed(request.order), limit: 1 };
  const before = await readAfter(context, opposite, key, true);
  return { rows, hasBefore: before.length > 0 };
}

async function readAfter(
  context: RepositoryContext,
  request: PageRequest,
  key: readonly ModelColumn[],
  isInclusive: boolean,
): Promise<readonly KeyRow[]> {
  const { order, cursor, limit } = request;
  const args = {
    where: both(request.where, cursor && wherePrismaAfter(order, cursor, isInclusive)),
    orderBy: toOrderBy(order),
    select: Object.fromEntries(key.map(({ field }) => [field, true])),
  };
  const rows: KeyRow[] = [];
  // Mostly the first question is the last one; many rows within the millisecond of the cursor take larger steps.
  for (let skip = 0, take = limit; rows.length < limit; skip += take, take = Math.max(take, LARGER_STEP)) {
    const found = (await context.call('findMany', { ...args, take, skip }, 'paginate')) as readonly Row[];
    rows.push(...(await locate(context, request, key, found, isInclusive)));
    if (found.length < take) break;
  }
  return rows.slice(0, limit);
}

function both(where: Arguments | undefined, bound: Arguments | undefined): Arguments {
  if (where === undefined || bound === undefined) return where ?? bound ?? {};
  return { AND: [where, bound] };
}

/** Those of the found rows that are still there and stand after the cursor, with their places. */
async function locate(
  context: RepositoryContext,
  { table, order, cursor, operation }: PageRequest,
  key: readonly ModelColumn[],
  found: readonly Row[],
  isInclusive: boolean,
): Promise<readonly KeyRow[]> {
  if (found.length === 0) return [];
  const fields = key.map(({ field }) => field);
  const statement = locateStatement(table, order, cursor, key, found, isInclusive);
  const { rows } = await partsOf(context.db).executor.execute({ ...statement, operation, access: 'read' });
  const places = new Map<string, CursorValues>();
  for (const row of rows) {
    const own = found[Number(row[PLACE]) - 1];
    if (own !== undefined) places.set(keyText(own, fields, context.fields), readKeys(row, order));
  }
  return found.flatMap((row) => {
    const place = places.get(keyText(row, fields, context.fields));
    return place === undefined ? [] : [{ fields: row, cursor: place }];
  });
}
