import { InvalidOptionsError } from '../../config/config.errors.js';
import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import { quoteIdentifier } from '../../query/sql-identifier.js';
import type { Row } from '../../query/sql-executor.port.js';
import type { Arguments } from '../defined-filters.js';
import type { RepositoryContext } from '../repository-context.js';
import { validateCreations } from '../validation-hooks.js';
import { bulkTarget, readChunkSize, readRows, writeInChunks } from './bulk-write.js';
import { insertStatement } from './insert-statement.js';
import { refuseBypassedExtensions } from './refuse-extensions.js';

/** What {@link bulkInsert} answers. */
export interface BulkInsertOutcome {
  readonly inserted: number;
  readonly records: readonly Arguments[];
}

/** Writes many rows in few statements; all of them, or nothing where one cannot be written. */
export async function bulkInsert(
  context: RepositoryContext,
  given: unknown,
  options: Arguments = {},
): Promise<BulkInsertOutcome> {
  const chunkSize = readChunkSize(options.chunkSize);
  const rows = readRows(given);
  refuseBypassedExtensions(context, 'bulkInsert', options, fieldNames(options.returning));
  await validateCreations(context, rows);
  const { table, groups, schema } = await bulkTarget(context, rows);
  const returning = returnedColumns(table, options.returning);
  const conflict =
    options.skipDuplicates === true
      ? { target: undefined, update: [], counter: undefined, onlyWhereNull: undefined }
      : undefined;
  const selection = returning.map(returnedAs).join(', ');
  const names = namesOfEnums(returning, schema.enums);
  const records: Arguments[] = [];
  let inserted = 0;
  const results = await writeInChunks(context, groups, chunkSize, 'bulkInsert', (columns) =>
    insertStatement(table, columns, conflict, selection),
  );
  for (const { rows: written, rowCount } of results) {
    inserted += rowCount ?? 0;
    if (returning.length > 0) for (const row of written) records.push(recordOf(row, returning, names));
  }
  return { inserted, records };
}

/** @throws {@link InvalidOptionsError} for a field that is no column */
function returnedColumns(table: ModelTable, returning: unknown): readonly ModelColumn[] {
  if (returning === undefined) return [];
  if (!Array.isArray(returning))
    throw InvalidOptionsError.at('bulkInsert', 'returning', 'is no list of fields.');
  return (returning as unknown[]).map((field, index) => {
    const column = typeof field === 'string' ? table.columns.get(field) : undefined;
    if (column === undefined)
      throw InvalidOptionsError.at('bulkInsert', `returning.${index}`, 'is no column of the model.');
    return column;
  });
}

function fieldNames(returning: unknown): readonly string[] {
  return Array.isArray(returning) ? returning.filter((field) => typeof field === 'string') : [];
}

/** Under the name of the field; a list of an enum comes as a list only where its type is known to the driver. */
function returnedAs({ column, field, kind, isList }: ModelColumn): string {
  return `t.${quoteIdentifier(column)}${kind === 'enum' && isList ? '::text[]' : ''} AS ${quoteIdentifier(field)}`;
}

function recordOf(
  row: Row,
  columns: readonly ModelColumn[],
  names: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Arguments {
  const record: Record<string, unknown> = {};
  for (const { field, isList, type } of columns) {
    const value = row[field];
    const enumNames = names.get(type);
    const named = (each: unknown) => enumNames?.get(each as string) ?? each;
    // Where Prisma reads a list of NULL as an empty one.
    record[field] = isList ? ((value as unknown[] | null) ?? []).map(named) : named(value);
  }
  return record;
}

/** From the names in the database to those in the schema. */
function namesOfEnums(
  columns: readonly ModelColumn[],
  enums: ReadonlyMap<string, ReadonlyMap<string, string>>,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const names = new Map<string, ReadonlyMap<string, string>>();
  for (const { type, kind } of columns) {
    const mapped = kind === 'enum' ? enums.get(type) : undefined;
    if (mapped !== undefined) names.set(type, new Map([...mapped].map(([name, stored]) => [stored, name])));
  }
  return names;
}
