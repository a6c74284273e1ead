import type { ModelTable } from '../../query/model-table.js';
import { isPlainObject } from '../record-id.js';
import { compileFilter } from './compile-filter.js';
import { allOf, ALWAYS, anyOf, not, type Condition } from './condition.js';
import { quoteIdentifier } from '../../query/sql-identifier.js';

/**
 * A condition in Prisma's language as SQL that means the same to every row; undefined where a part of it is beyond this
 * compiler (relations, lists, JSON, references to fields, values that Prisma would refuse). Such a condition is Prisma's
 * to answer, or to refuse with the error it has for it.
 *
 * @param alias - of the model's table in the statement
 */
export function compileWhere(table: ModelTable, where: unknown, alias: string): Condition | undefined {
  return where === undefined ? ALWAYS : compilePart({ table, alias, isInner: false }, where);
}

interface Place {
  readonly table: ModelTable;
  readonly alias: string;
  /** Whether it stands in an OR or a NOT. */
  readonly isInner: boolean;
}

function compilePart(place: Place, where: unknown): Condition | undefined {
  if (!isPlainObject(where)) return undefined;
  const entries = Object.entries(where);
  // An empty condition in an OR or a NOT is at times true and at times nothing at all to Prisma (7.10).
  if (entries.length === 0 && place.isInner) return undefined;
  const conditions = entries.map(([key, value]) => compileEntry(place, key, value));
  return conditions.every((condition) => condition !== undefined) ? allOf(conditions) : undefined;
}

function compileEntry(place: Place, key: string, value: unknown): Condition | undefined {
  const column = place.table.columns.get(key);
  if (column !== undefined) {
    if (place.isInner && isPlainObject(value) && Object.keys(value).length === 0) return undefined;
    return compileFilter(column, `${place.alias}.${quoteIdentifier(column.column)}`, value);
  }
  if (key !== 'AND' && key !== 'OR' && key !== 'NOT') return undefined;
  if (key === 'OR' && !Array.isArray(value)) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 && (place.isInner || key === 'OR')) return undefined;
  const inner = key === 'AND' ? place : { ...place, isInner: true };
  const parts = list.map((part) => compilePart(inner, part));
  if (!parts.every((part) => part !== undefined)) return undefined;
  if (key === 'OR') return anyOf(parts);
  return allOf(key === 'AND' ? parts : parts.map(not));
}
