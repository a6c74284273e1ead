import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { Row } from '../../query/sql-executor.port.js';
import type { Arguments } from '../defined-filters.js';
import { isPlainObject } from '../record-id.js';
import type { RepositoryContext } from '../repository-context.js';
import { globalOmit } from './result-shape.js';

/** The columns that name a row for Prisma: the first key without nulls, which is the primary one where there is one. */
export function keyColumns(table: ModelTable): readonly ModelColumn[] {
  const columns = table.uniqueKeys.map((key) => key.flatMap((field) => table.columns.get(field) ?? []));
  return columns.find((key) => key.every(({ nullable }) => !nullable)) ?? [];
}

/**
 * The records of these keys in the same order, as Prisma returns them in a shape; undefined for one that is gone
 * meanwhile.
 */
export async function findRecordsOfKeys(
  context: RepositoryContext,
  key: readonly ModelColumn[],
  rows: readonly Row[],
  shape: Arguments,
  method: string,
): Promise<readonly unknown[]> {
  if (rows.length === 0) {
    // Prisma checks the shape also where there is nothing to find, as it does on every other page.
    await context.call('findMany', { ...shape, take: 0 }, method);
    return [];
  }
  const fields = key.map(({ field }) => field);
  const { asked, added } = withKey(shape, fields, globalOmit(context.prisma.client, context.model));
  const records = (await context.call(
    'findMany',
    { ...asked, where: context.scopedWhere(whereKeys(fields, rows)) ?? {} },
    method,
  )) as readonly Row[];
  const byKey = new Map(records.map((record) => [keyText(record, fields), record]));
  return rows.map((row) => {
    const record = byKey.get(keyText(row, fields));
    return record === undefined || added.length === 0 ? record : without(record, added);
  });
}

function whereKeys(fields: readonly string[], rows: readonly Row[]): Arguments {
  const [only, ...others] = fields;
  if (only !== undefined && others.length === 0) return { [only]: { in: rows.map((row) => row[only]) } };
  return { OR: rows.map((row) => Object.fromEntries(fields.map((field) => [field, row[field]]))) };
}

/** The shape with the key in it, and what has to be taken out of the records again. */
function withKey(shape: Arguments, fields: readonly string[], omitted: Arguments) {
  const { select, omit } = shape;
  if (isPlainObject(select)) {
    const added = fields.filter((field) => select[field] !== true);
    // Nothing selected is an error of Prisma's, which it would not see any more.
    if (added.length === 0 || !Object.values(select).some(Boolean)) return { asked: shape, added: [] };
    const flags = Object.fromEntries(added.map((field) => [field, true]));
    return { asked: { ...shape, select: { ...select, ...flags } }, added };
  }
  const own = isPlainObject(omit) ? omit : {};
  const added = fields.filter((field) => (own[field] ?? omitted[field]) === true);
  if (added.length === 0) return { asked: shape, added };
  const flags = Object.fromEntries(added.map((field) => [field, false]));
  return { asked: { ...shape, omit: { ...own, ...flags } }, added };
}

function without(record: Row, fields: readonly string[]): Row {
  return Object.fromEntries(Object.entries(record).filter(([field]) => !fields.includes(field)));
}

/** Equal for values of a key that are equal to PostgreSQL. */
export function keyText(row: Row, fields: readonly string[]): string {
  return JSON.stringify(
    fields.map((field) => {
      const value = row[field];
      if (value instanceof Date) return value.getTime();
      if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
      return String(value);
    }),
  );
}
