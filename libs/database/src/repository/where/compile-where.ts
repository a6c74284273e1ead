import type { ModelTable } from '../../query/model-table.js';
import { isPlainObject } from '../record-id.js';
import { compileFilter } from './compile-filter.js';
import { allOf, ALWAYS, anyOf, not, type Condition } from './condition.js';
import { quoteIdentifier } from './sql-parameters.js';

/**
 * A condition in Prisma's language as SQL that means the same to every row; undefined where a part of it is beyond this
 * compiler (relations, lists, JSON, references to fields, values that Prisma would refuse). Such a condition is Prisma's
 * to answer, or to refuse with the error it has for it.
 *
 * @param alias - of the model's table in the statement
 */
export function compileWhere(table: ModelTable, where: unknown, alias: string): Condition | undefined {
  if (where === undefined) return ALWAYS;
  if (!isPlainObject(where)) return undefined;
  const conditions = Object.entries(where).map(([key, value]) => compileEntry(table, key, value, alias));
  return conditions.every((condition) => condition !== undefined) ? allOf(conditions) : undefined;
}

function compileEntry(table: ModelTable, key: string, value: unknown, alias: string): Condition | undefined {
  const column = table.columns.get(key);
  if (column !== undefined) return compileFilter(column, `${alias}.${quoteIdentifier(column.column)}`, value);
  if (key !== 'AND' && key !== 'OR' && key !== 'NOT') return undefined;
  if (key === 'OR' && !Array.isArray(value)) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const parts = list.map((part) => compileWhere(table, part, alias));
  if (!list.every(isPlainObject) || !parts.every((part) => part !== undefined)) return undefined;
  if (key === 'OR') return anyOf(parts);
  return allOf(key === 'AND' ? parts : parts.map(not));
}
