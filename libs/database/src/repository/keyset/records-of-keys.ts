import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { Row } from '../../query/sql-executor.port.js';
import type { Arguments } from '../defined-filters.js';
import { globalOmit, keyedShape, keyText, whereOfKeys, withoutFields } from '../record-keys.js';
import type { RepositoryContext } from '../repository-context.js';

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
  const { args, added } = keyedShape(shape, fields, globalOmit(context));
  const records = (await context.call(
    'findMany',
    { ...args, where: context.scopedWhere(whereOfKeys(fields, rows)) ?? {} },
    method,
  )) as readonly Row[];
  const byKey = new Map(records.map((record) => [keyText(record, fields, context.fields), record]));
  return rows.map((row) => {
    const record = byKey.get(keyText(row, fields, context.fields));
    return record && withoutFields(record, added);
  });
}
