import { ValidationError } from '../../errors/validation.error.js';
import { partsOf } from '../../query/database.js';
import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import { quoteIdentifier } from '../../query/sql-identifier.js';
import type { RepositoryContext } from '../repository-context.js';
import type { ColumnRows } from './column-rows.js';
import { castType } from './column-text.js';

/**
 * Types of which two texts that we write are equal exactly when PostgreSQL takes the values for equal. Of the others some
 * write one value in several ways (`1.0` and `1.00`), and some round.
 */
const EXACT = new Set([
  ...['smallint', 'integer', 'bigint', 'oid', 'boolean', 'uuid', 'bytea', 'text', 'character varying'],
  ...['timestamp without time zone', 'timestamp with time zone'],
]);
/** A length; of a time the digits of its seconds, of which our texts have three. */
const HARMLESS = /^character varying\(\d+\)$|^timestamp\([3-6]\) with/;
/** Types of which only the cast with its precision rounds as storing does; another one would cut texts off. */
const ROUNDING = /^(?:numeric|time|timestamp|interval)\(/;

/**
 * Two rows of one key, of which no statement can tell which one is to win. Compared as PostgreSQL compares them: in this
 * process where that is certain, otherwise by a question to the server before anything is written.
 *
 * @throws {@link ValidationError}
 */
export async function refuseDuplicates(
  context: RepositoryContext,
  table: ModelTable,
  groups: readonly ColumnRows[],
  key: readonly ModelColumn[],
): Promise<void> {
  const keys = groups.flatMap(({ columns, rows }) => {
    const places = key.map((column) => columns.indexOf(column));
    return rows.map((row) => places.map((place, index) => keyText(key[index], row[place])));
  });
  if (keys.some((values) => values.includes(null))) {
    const fields = fieldsOf(key);
    throw new ValidationError('rows', `hold a null in a key (${fields}), which never meets another row.`);
  }
  const isCertain = key.every(isExact);
  const different = new Set(keys.map((values) => JSON.stringify(values)));
  if (different.size < keys.length) throw duplicateKeys(key, keys.length);
  if (isCertain || keys.length < 2) return;
  const { rows } = await partsOf(context.db).executor.execute({
    sql: equalKeysStatement(table, key),
    values: key.map((_column, index) => keys.map((values) => values[index])),
    operation: `${context.model}.bulkUpsert`,
    access: 'read',
  });
  if (rows.length > 0) throw duplicateKeys(key, keys.length);
}

export function duplicateKeys(key: readonly ModelColumn[], count: number, cause?: unknown): ValidationError {
  return new ValidationError(
    'rows',
    `hold two records of the same key (${fieldsOf(key)}), as PostgreSQL compares them, among ${count}.`,
    cause === undefined ? {} : { cause },
  );
}

/** One text for all that name the same uuid; the value as it is for other types. */
export function keyText(column: ModelColumn | undefined, text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  return column?.sqlType === 'uuid' ? text.toLowerCase().replace(/[{}-]/g, '') : text;
}

function isExact({ sqlType, kind, foldsTexts }: ModelColumn): boolean {
  return foldsTexts !== true && (kind === 'enum' || EXACT.has(sqlType) || HARMLESS.test(sqlType));
}

/** The columns themselves stand in it, so that their collations decide. */
function equalKeysStatement(table: ModelTable, key: readonly ModelColumn[]): string {
  const columns = key.map(({ column }) => quoteIdentifier(column)).join(', ');
  const names = key.map((_column, index) => `c${index}`).join(', ');
  const lists = key.map((_column, index) => `$${index + 1}::text[]`).join(', ');
  const values = key.map((column, index) => {
    return `u.c${index}::${ROUNDING.test(column.sqlType) ? column.sqlType : castType(column)}`;
  });
  return (
    `SELECT 1 FROM (SELECT ${columns} FROM ${quoteIdentifier(table.schema)}.${quoteIdentifier(table.table)} WHERE false ` +
    `UNION ALL SELECT ${values.join(', ')} FROM unnest(${lists}) AS u(${names})) AS k(${names}) ` +
    `GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`
  );
}

function fieldsOf(columns: readonly ModelColumn[]): string {
  return columns.map(({ field }) => field).join(', ');
}
