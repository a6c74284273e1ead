import { InvalidOptionsError } from '../../config/config.errors.js';
import { ValidationError } from '../../errors/validation.error.js';
import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import { isPlainObject } from '../record-id.js';

/** One column of an order. */
export interface OrderColumn {
  readonly column: ModelColumn;
  readonly direction: 'asc' | 'desc';
  /** Where the rows without a value stand; of no meaning for a column that has one always. */
  readonly nulls: 'first' | 'last';
}

/** An order in which no two rows are equal. */
export type PageOrder = readonly OrderColumn[];

/** What PostgreSQL does, and so Prisma, unless told otherwise. */
const DEFAULT_NULLS = { asc: 'last', desc: 'first' } as const;
const OPPOSITE = { asc: 'desc', desc: 'asc', first: 'last', last: 'first' } as const;
const NOT_ORDERED = new Set(['Json']);

export function hasDefaultNulls({ direction, nulls }: OrderColumn): boolean {
  return nulls === DEFAULT_NULLS[direction];
}

/** The same rows from behind. */
export function reversed(order: PageOrder): PageOrder {
  return order.map(({ column, direction, nulls }) => ({
    column,
    direction: OPPOSITE[direction],
    nulls: OPPOSITE[nulls],
  }));
}

/** As Prisma takes it, the tie-breaker included. */
export function toOrderBy(order: PageOrder): readonly Readonly<Record<string, unknown>>[] {
  return order.map(({ column, direction, nulls }) => ({
    [column.field]: column.nullable ? { sort: direction, nulls } : direction,
  }));
}

/**
 * Reads `orderBy` in Prisma's form and makes it total: a key of the table is added in the direction of the last column,
 * as far as the order does not hold one already; what comes after a key decides nothing and is left out.
 *
 * @throws {@link ValidationError} for what pages cannot be ordered by
 * @throws {@link InvalidOptionsError} for a table without a key, which no caller can do anything about
 */
export function resolveOrder(table: ModelTable, orderBy: unknown): PageOrder {
  const asked = readEntries(orderBy).map(([field, value, path]) => readColumn(table, field, value, path));
  const keys = table.uniqueKeys.filter((key) => key.every((field) => !table.columns.get(field)?.nullable));
  const [key] = keys;
  if (key === undefined) {
    throw InvalidOptionsError.at(
      `A page of ${table.modelName}`,
      'orderBy',
      `gives no order without ties: the table of ${table.modelName} has neither a primary key nor another unique key whose columns are never null. Add one.`,
    );
  }
  const fields = new Map<string, OrderColumn>();
  for (const one of asked) {
    // The first mention of a column decides, all later ones find equal values.
    if (!fields.has(one.column.field)) fields.set(one.column.field, one);
    if (keys.some((columns) => columns.every((field) => fields.has(field)))) return [...fields.values()];
  }
  const direction = asked.at(-1)?.direction ?? 'asc';
  for (const field of key) {
    const column = table.columns.get(field);
    if (column !== undefined && !fields.has(field))
      fields.set(field, { column, direction, nulls: DEFAULT_NULLS[direction] });
  }
  return [...fields.values()];
}

function readEntries(orderBy: unknown): (readonly [field: string, value: unknown, path: string])[] {
  if (orderBy === undefined) return [];
  const list: readonly unknown[] = Array.isArray(orderBy) ? orderBy : [orderBy];
  return list.flatMap((entry, index) => {
    const path = Array.isArray(orderBy) ? `orderBy.${index}` : 'orderBy';
    if (!isPlainObject(entry)) {
      throw new ValidationError(path, 'is no order. Give an object such as `{ createdAt: "desc" }`.');
    }
    return Object.entries(entry).map(([field, value]) => [field, value, `${path}.${field}`] as const);
  });
}

function readColumn(table: ModelTable, field: string, value: unknown, path: string): OrderColumn {
  const column = table.columns.get(field);
  if (
    column === undefined ||
    column.isList ||
    column.kind === 'unsupported' ||
    NOT_ORDERED.has(column.type)
  ) {
    throw new ValidationError(
      path,
      `is nothing that pages of ${table.modelName} can be ordered by. Take a scalar field of the model itself; relations and lists have no place in a cursor.`,
    );
  }
  const { sort, nulls, ...others } = isPlainObject(value) ? value : { sort: value };
  if ((sort !== 'asc' && sort !== 'desc') || Object.keys(others).length > 0) {
    throw new ValidationError(path, 'is no direction. Give "asc", "desc" or `{ sort, nulls }`.');
  }
  if (nulls !== undefined && nulls !== 'first' && nulls !== 'last') {
    throw new ValidationError(`${path}.nulls`, 'is neither "first" nor "last".');
  }
  return { column, direction: sort, nulls: nulls ?? DEFAULT_NULLS[sort] };
}
