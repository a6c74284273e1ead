import { quoteIdentifier } from '../../query/sql-identifier.js';
import type { SqlParameters } from '../where/sql-parameters.js';
import type { CursorValues } from './cursor.js';
import { hasDefaultNulls, type OrderColumn, type PageOrder } from './page-order.js';

/** A part of the rows after a cursor that one index condition describes; the parts follow each other in order. */
export interface Branch {
  /** SQL conditions; none where all rows belong to it. */
  readonly conditions: readonly string[];
  /** Its own ORDER BY: within the part, that of the whole. */
  readonly orderBy: string;
}

/** Where the values of a cursor stand in a statement; null where there is none to compare with. */
export type CursorPlaces = readonly (string | null)[];

/** Neighbours of one direction that always have a value: compared as one row value. */
type Group = readonly [OrderColumn, ...OrderColumn[]];

export function addCursor(values: CursorValues, parameters: SqlParameters): CursorPlaces {
  return values.map((value) => (value === null ? null : parameters.add(value)));
}

/** Whether a row is the one of the cursor. */
export function isAtCursor(
  order: PageOrder,
  places: CursorPlaces,
  column: (one: OrderColumn) => string,
): string {
  return order.map((one, index) => equals(column(one), places[index] ?? null)).join(' AND ');
}

/**
 * The rows after a cursor as parts of which each is one range of an index. A single condition with OR would say the
 * same, and PostgreSQL would filter all rows with it (decided by measurements, see docs/repositories.md).
 *
 * @param column - how the statement writes a column
 * @param isInclusive - whether the row of the cursor itself belongs to them
 */
export function branchesAfter(
  order: PageOrder,
  places: CursorPlaces,
  column: (one: OrderColumn) => string,
  isInclusive: boolean,
): Branch[] {
  const placeOf = new Map(order.map((one, index) => [one, places[index] ?? null]));
  const groups = groupColumns(order);
  const branches: Branch[] = [];
  for (let last = groups.length - 1; last >= 0; last -= 1) {
    const group = groups[last] as Group;
    const fixed = groups.slice(0, last).flat();
    const equal = fixed.map((one) => equals(column(one), placeOf.get(one) ?? null));
    const orEqual = isInclusive && last === groups.length - 1 ? '=' : '';
    const parts = group[0].column.nullable
      ? afterNullable(group[0], placeOf.get(group[0]) ?? null, column)
      : [afterRow(group, placeOf, column, orEqual)];
    const own = new Set([...fixed, ...group]);
    for (const condition of parts) {
      branches.push({ conditions: [...equal, condition], orderBy: orderClause(order, column, own) });
    }
  }
  return branches;
}

/**
 * All rows. Where the first column keeps its nulls at the end that indexes do not have them at, they are a part of their
 * own, as an index holds them together all the same.
 */
export function branchesOfAll(order: PageOrder, column: (one: OrderColumn) => string): Branch[] {
  const [first] = order;
  if (first === undefined || !first.column.nullable || hasDefaultNulls(first)) {
    return [{ conditions: [], orderBy: orderClause(order, column) }];
  }
  const parts = [`${column(first)} IS NULL`, `${column(first)} IS NOT NULL`];
  if (first.nulls === 'last') parts.reverse();
  const orderBy = orderClause(order, column, new Set([first]));
  return parts.map((condition) => ({ conditions: [condition], orderBy }));
}

/**
 * @param settled - columns which are all null or have all a value, where the place of nulls would only keep PostgreSQL
 *   from seeing that an index has this order
 */
export function orderClause(
  order: PageOrder,
  column: (one: OrderColumn) => string,
  settled: ReadonlySet<OrderColumn> = new Set(),
): string {
  return order
    .map((one) => {
      const direction = one.direction === 'asc' ? ' ASC' : ' DESC';
      const nulls = one.column.nullable && !settled.has(one) ? ` NULLS ${one.nulls.toUpperCase()}` : '';
      return column(one) + direction + nulls;
    })
    .join(', ');
}

/** How a column is written with an alias of its table. */
export function columnOf(alias: string): (one: OrderColumn) => string {
  return ({ column }) => `${alias}.${quoteIdentifier(column.column)}`;
}

function equals(column: string, place: string | null): string {
  return place === null ? `${column} IS NULL` : `${column} = ${place}`;
}

function groupColumns(order: PageOrder): Group[] {
  const groups: [OrderColumn, ...OrderColumn[]][] = [];
  for (const one of order) {
    const group = groups.at(-1);
    const isNeighbour =
      group !== undefined &&
      !one.column.nullable &&
      !group[0].column.nullable &&
      group[0].direction === one.direction;
    if (isNeighbour) group.push(one);
    else groups.push([one]);
  }
  return groups;
}

function afterRow(
  group: Group,
  placeOf: ReadonlyMap<OrderColumn, string | null>,
  column: (one: OrderColumn) => string,
  orEqual: string,
): string {
  const operator = (group[0].direction === 'asc' ? '>' : '<') + orEqual;
  const columns = group.map(column).join(', ');
  const places = group.map((one) => placeOf.get(one)).join(', ');
  return group.length === 1 ? `${columns} ${operator} ${places}` : `(${columns}) ${operator} (${places})`;
}

/** The rows with a value and those without, as far as they come after it and in their order. */
function afterNullable(
  one: OrderColumn,
  place: string | null,
  column: (one: OrderColumn) => string,
): string[] {
  const name = column(one);
  if (place === null) return one.nulls === 'first' ? [`${name} IS NOT NULL`] : [];
  const after = `${name} ${one.direction === 'asc' ? '>' : '<'} ${place}`;
  return one.nulls === 'first' ? [after] : [after, `${name} IS NULL`];
}
