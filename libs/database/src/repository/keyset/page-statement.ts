import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { SqlStatement } from '../../query/sql-executor.port.js';
import type { Condition } from '../where/condition.js';
import { quoteIdentifier, SqlParameters } from '../where/sql-parameters.js';
import type { CursorValues } from './cursor.js';
import { branchesAfter, branchesOfAll, columnOf, orderClause, type Branch } from './keyset-branches.js';
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
/** Whether there is a row before the cursor, or the cursor's own. */
export const BEFORE = 'b';

/**
 * One statement for a page: its rows with the text of their keys, and whether rows stand on the other side of the
 * cursor.
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
  const bound = parameters.add(limit);
  const branches =
    cursor === undefined
      ? branchesOfAll(order, columnOf(TABLE_ALIAS))
      : branchesAfter(order, cursor, parameters, columnOf(TABLE_ALIAS));
  const page = selectBranches(table, branches, list.join(', '), where, bound);
  const outer = [
    ...fields.map((column) => `p.${aliasOf.get(column)}`),
    ...order.map(({ column }, index) => `p.${aliasOf.get(column)}::text AS ${keyAlias(index)}`),
    ...(cursor === undefined ? [] : [`${before(query, where, parameters)} AS ${BEFORE}`]),
  ];
  const ordering = orderClause(order, ({ column }) => `p.${aliasOf.get(column)}`);
  return {
    sql: `SELECT ${outer.join(', ')} FROM (${page}) AS p ORDER BY ${ordering} LIMIT ${bound}`,
    values: parameters.values,
  };
}

/** Only the question whether there are rows on the other side of the cursor. */
export function beforeStatement(query: PageQuery): Pick<SqlStatement, 'sql' | 'values'> {
  const parameters = new SqlParameters();
  const where = query.where(parameters);
  return { sql: `SELECT ${before(query, where, parameters)} AS ${BEFORE}`, values: parameters.values };
}

/**
 * The cursor's own row mostly answers it, with one look into the index. No EXISTS: PostgreSQL drops the order inside of
 * it and may then read the whole table.
 */
function before({ table, order, cursor }: PageQuery, where: string, parameters: SqlParameters): string {
  const branches = branchesAfter(reversed(order), cursor ?? [], parameters, columnOf(TABLE_ALIAS), true);
  const rows = selectBranches(table, branches, 'true AS found', where, '1');
  return `coalesce((SELECT found FROM (${rows}) AS o LIMIT 1), false)`;
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
