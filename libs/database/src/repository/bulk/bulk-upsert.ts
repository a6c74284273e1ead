import { InvalidOptionsError } from '../../config/config.errors.js';
import { QueryError } from '../../errors/query.errors.js';
import { ValidationError } from '../../errors/validation.error.js';
import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { Arguments } from '../defined-filters.js';
import type { RepositoryContext } from '../repository-context.js';
import { validateCreations } from '../validation-hooks.js';
import { bulkTarget, readChunkSize, readRows, writeInChunks, type BulkTarget } from './bulk-write.js';
import type { ColumnRows } from './column-rows.js';
import { duplicateKeys, keyText, refuseDuplicates } from './duplicate-keys.js';
import { insertStatement } from './insert-statement.js';
import { refuseBypassedExtensions } from './refuse-extensions.js';

/** What {@link bulkUpsert} answers. */
export interface BulkUpsertOutcome {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** Two rows of a statement have one key. */
const CARDINALITY_VIOLATION = '21000';

/** Only a row that was just written has never been locked or replaced by anybody. */
const IS_NEW = '(t.xmax = 0) AS "inserted"';

/** Writes new rows, and changes those whose key is there already: all of it, or nothing where one fails. */
export async function bulkUpsert(
  context: RepositoryContext,
  given: unknown,
  options: Arguments,
): Promise<BulkUpsertOutcome> {
  const chunkSize = readChunkSize(options.chunkSize);
  const rows = readRows(given);
  refuseBypassedExtensions(context, 'bulkUpsert', options);
  await validateCreations(context, rows);
  const target = await bulkTarget(context, rows);
  const { table, groups } = target;
  const key = keyColumns(table, options.on);
  const chosen = updatedColumns(table, options.update, key);
  refuseMissing(rows, [...key, ...chosen]);
  await refuseDuplicates(context, table, groups, key);
  const { version, updatedAt } = context.traits;
  const counter = version === undefined ? undefined : columnOf(table, version, 'update');
  if (counter !== undefined && chosen.includes(counter))
    throw InvalidOptionsError.at(
      'bulkUpsert',
      'update',
      `names \`${counter.field}\`, which is counted by the repository.`,
    );
  const update = [...chosen, ...touched(target, chosen, updatedAt)];
  const conflict = { target: key, update, counter, onlyWhereNull: livingMark(context, table) };
  const outcome = { inserted: 0, updated: 0 };
  const results = await writeInChunks(context, inLockOrder(groups, key), chunkSize, 'bulkUpsert', (columns) =>
    insertStatement(table, columns, conflict, IS_NEW),
  ).catch((error: unknown) => {
    // By an index with a collation of its own; the column's is known.
    throw error instanceof QueryError && error.sqlState === CARDINALITY_VIOLATION
      ? duplicateKeys(key, rows.length, error)
      : error;
  });
  for (const { rows: written } of results) {
    const inserted = written.filter((row) => row.inserted === true).length;
    outcome.inserted += inserted;
    outcome.updated += written.length - inserted;
  }
  return { ...outcome, unchanged: rows.length - outcome.inserted - outcome.updated };
}

/** @throws {@link InvalidOptionsError} when `on` is no unique key of the table */
function keyColumns(table: ModelTable, on: unknown): readonly ModelColumn[] {
  const fields: readonly unknown[] = Array.isArray(on) ? on : [];
  const wanted = new Set(fields);
  const isKey = table.uniqueKeys.some(
    (key) => key.length === wanted.size && key.every((field) => wanted.has(field)),
  );
  if (!isKey || wanted.size !== fields.length) {
    const keys = table.uniqueKeys.map((key) => `[${key.join(', ')}]`).join(', ');
    throw InvalidOptionsError.at(
      'bulkUpsert',
      'on',
      `names no unique key of ${table.modelName}. It has ${keys || 'none'}.`,
    );
  }
  return fields.map((field) => columnOf(table, field, 'on'));
}

/** @throws {@link InvalidOptionsError} for what cannot be changed */
function updatedColumns(
  table: ModelTable,
  update: unknown,
  key: readonly ModelColumn[],
): readonly ModelColumn[] {
  if (!Array.isArray(update)) throw InvalidOptionsError.at('bulkUpsert', 'update', 'is no list of fields.');
  return (update as unknown[]).map((field, index) => {
    const column = columnOf(table, field, `update.${index}`);
    if (key.includes(column))
      throw InvalidOptionsError.at('bulkUpsert', `update.${index}`, 'is a part of the key in `on`.');
    if (column.generated)
      throw InvalidOptionsError.at('bulkUpsert', `update.${index}`, 'is computed by the database.');
    return column;
  });
}

function columnOf(table: ModelTable, field: unknown, path: string): ModelColumn {
  const column = typeof field === 'string' ? table.columns.get(field) : undefined;
  if (column === undefined) throw InvalidOptionsError.at('bulkUpsert', path, 'is no column of the model.');
  return column;
}

/** A row without a value would change the old one to the default; a null in a key never meets another row. */
function refuseMissing(rows: readonly unknown[], columns: readonly ModelColumn[]): void {
  for (const [index, row] of rows.entries()) {
    for (const { field } of columns) {
      if ((row as Arguments)[field] === undefined)
        throw new ValidationError(
          `rows.${index}.${field}`,
          'is missing, although `on` or `update` names it.',
        );
    }
  }
}

/** A deleted record is not there for a repository with soft delete, and so is not changed either. */
function livingMark({ traits, scope }: RepositoryContext, table: ModelTable): ModelColumn | undefined {
  return traits.softDelete === undefined || scope === 'all'
    ? undefined
    : columnOf(table, traits.softDelete, 'softDelete');
}

/** What changes with every change: `@updatedAt` and the repository's own time, unless the caller has said which value it takes. */
function touched(
  { table, schema, groups }: BulkTarget,
  chosen: readonly ModelColumn[],
  updatedAt: string | undefined,
): readonly ModelColumn[] {
  if (chosen.length === 0) return [];
  const defaults = schema.fields.get(table.modelName);
  return [...table.columns.values()].filter(
    (column) =>
      (column.field === updatedAt || defaults?.get(column.field)?.updatedAt === true) &&
      !chosen.includes(column) &&
      groups.every(({ columns }) => columns.includes(column)),
  );
}

/** By key, so that two upserts of the same rows wait for each other instead of meeting in a deadlock. */
function inLockOrder(groups: readonly ColumnRows[], key: readonly ModelColumn[]): ColumnRows[] {
  return groups.map(({ columns, rows }) => {
    const places = key.map((column) => columns.indexOf(column));
    const keyed = rows.map((row) => ({
      row,
      text: places.map((place, index) => keyText(key[index], row[place])).join('\0'),
    }));
    keyed.sort((one, other) => (one.text < other.text ? -1 : 1));
    return { columns, rows: keyed.map(({ row }) => row) };
  });
}
