import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { SqlStatement } from '../../query/sql-executor.port.js';
import type { Condition } from '../where/condition.js';
import { quoteIdentifier } from '../../query/sql-identifier.js';
import { SqlParameters } from '../where/sql-parameters.js';
import type { CursorValues } from './cursor.js';
import {
  addCursor,
  branchesAfter,
  branchesOfAll,
  columnOf,
  isAtCursor,
  orderClause,
  type Branch,
} from './keyset-branches.js';
import { reversed, type OrderColumn, type PageOrder } from './page-order.js';

/** The alias of the table in all statements; conditions are written with it. */
export const TABLE_ALIAS = 't';

/** What a page is read with. */
export interface PageQuery {
  readonly table: ModelTable;
  /** In the direction of reading. */
  readonly order: PageOrder;
  /** Reading begins after it; with the first row where there is none. */
  readonly cursor: CursorValues | undefined;
  /** The caller's own condition, written with {@link TABLE_ALIAS}. */
  readonly where: Condition;
  /** What is wanted of each row. */
  readonly fields: readonly ModelColumn[];
  readonly limit: number;
}

/** Under which the values of a row arrive: the field by its number, and the key by that of its column. */
export const fieldAlias = (index: number): string => `f${index}`;
export const keyAlias = (index: number): string => `k${index}`;
/** Whether the row is the one of the cursor. */
export const AT_CURSOR = 'c';
/** Whether there is a row on the other side of the cursor. */
export const BEFORE = 'b';

/**
 * One statement for a page: its rows with the text of their keys. With a cursor it begins with the cursor's own row, where
 * that is still there: one row more of the same range of the index says that there are rows before the page, at a small
 * part of the price of asking for them.
 */
export function pageStatement(query: PageQuery): Pick<SqlStatement, 'sql' | 'values'> {
  const { table, order, cursor, fields, limit } = query;
  const parameters = new SqlParameters();
  const where = query.where(parameters);
  const inner = unique([...fields, ...order.map(({ column }) => column)]);
  const aliasOf = new Map(inner.map((column, index) => [column, fieldAlias(index)]));
  const list = inner.map(
    (column, index) => `${columnOf(TABLE_ALIAS)({ column } as OrderColumn)} AS ${fieldAlias(index)}`,
  );
  const ofPage = ({ column }: OrderColumn) => `p.${aliasOf.get(column)}`;
  const bound = parameters.add(cursor === undefined ? limit : limit + 1);
  const places = cursor && addCursor(cursor, parameters);
  const branches =
    places === undefined
      ? branchesOfAll(order, columnOf(TABLE_ALIAS))
      : branchesAfter(order, places, columnOf(TABLE_ALIAS), true);
  const page = selectBranches(table, branches, list.join(', '), where, bound);
  const outer = [
    ...fields.map((column) => `p.${aliasOf.get(column)}`),
    ...order.map((one, index) => `${ofPage(one)}::text AS ${keyAlias(index)}`),
    ...(places === undefined ? [] : [`(${isAtCursor(order, places, ofPage)}) AS ${AT_CURSOR}`]),
  ];
  return {
    sql: `SELECT ${outer.join(', ')} FROM (${page}) AS p ORDER BY ${orderClause(order, ofPage)} LIMIT ${bound}`,
    values: parameters.values,
  };
}

/**
 * Whether there are rows on the other side of the cursor, where its own row does not say so. No EXISTS: PostgreSQL drops
 * the order inside of it and may then read the whole table.
 */
export function beforeStatement(query: PageQuery): Pick<SqlStatement, 'sql' | 'values'> {
  const { table, order, cursor } = query;
  const parameters = new SqlParameters();
  const where = query.where(parameters);
  const places = addCursor(cursor ?? [], parameters);
  const branches = branchesAfter(reversed(order), places, columnOf(TABLE_ALIAS), true);
  const rows = selectBranches(table, branches, `true AS ${BEFORE}`, where, '1');
  return { sql: `SELECT ${BEFORE} FROM (${rows}) AS o LIMIT 1`, values: parameters.values };
}

function selectBranches(
  { schema, table }: ModelTable,
  branches: readonly Branch[],
  list: string,
  where: string,
  limit: string,
): string {
  const from = `${quoteIdentifier(schema)}.${quoteIdentifier(table)} AS ${TABLE_ALIAS}`;
  const selects = branches.map(({ conditions, orderBy }) => {
    const all = where === 'true' ? conditions : [...conditions, `(${where})`];
    const filter = all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
    return `SELECT ${list} FROM ${from}${filter} ORDER BY ${orderBy} LIMIT ${limit}`;
  });
  return selects.length === 1 ? selects.join('') : selects.map((select) => `(${select})`).join(' UNION ALL ');
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}
