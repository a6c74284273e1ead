import { readSchemaText, type SchemaText } from '../../client/schema-text.js';
import type { ConstraintViolation } from '../../errors/constraint.errors.js';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { ValidationError } from '../../errors/validation.error.js';
import type { ModelTable } from '../../query/model-table.js';
import { partsOf } from '../../query/database.js';
import type { SqlResult } from '../../query/sql-executor.port.js';
import type { RepositoryContext } from '../repository-context.js';
import { constraintFields } from '../constraint-fields.js';
import { withCreationTimes } from '../trait-data.js';
import { columnRows, type ColumnRows } from './column-rows.js';

/** Rows of one statement: large enough for the round trip not to count, small enough for a message of some megabytes. */
export const CHUNK_SIZE = 5_000;
const MAX_CHUNK_SIZE = 100_000;

/** A model as it is written in bulk. */
export interface BulkTarget {
  readonly table: ModelTable;
  readonly groups: ColumnRows[];
  readonly schema: SchemaText;
}

/** @throws {@link ValidationError} for rows that cannot be written; nothing is sent */
export async function bulkTarget(context: RepositoryContext, rows: readonly unknown[]): Promise<BulkTarget> {
  const table = await partsOf(context.db).catalog.table(context.model);
  const schema = readSchemaText(context.prisma.client);
  const groups = columnRows(
    { table, defaults: schema.fields.get(table.modelName), enums: schema.enums, now: context.clock.date() },
    rows.map((row) => withCreationTimes(context, row)),
  );
  return { table, groups, schema };
}

/**
 * Writes the groups in statements of a limited size: all of them, or nothing where one fails.
 *
 * @returns what each statement gave, in no order, and only that of the attempt which was committed: the transaction may
 *   run more than once
 */
export async function writeInChunks(
  context: RepositoryContext,
  groups: readonly ColumnRows[],
  chunkSize: number,
  method: string,
  statementOf: (columns: ColumnRows['columns']) => string,
): Promise<readonly SqlResult[]> {
  const { executor, transactions } = partsOf(context.db);
  const chunks = groups.flatMap(({ columns, rows }) => {
    const sql = statementOf(columns);
    const starts = Array.from(
      { length: Math.ceil(rows.length / chunkSize) },
      (_, index) => index * chunkSize,
    );
    return starts.map((start) => ({ sql, columns, rows: rows.slice(start, start + chunkSize) }));
  });
  const fieldsOf = (violation: ConstraintViolation) => constraintFields(context.db, context.model, violation);
  const send = async () => {
    const results: SqlResult[] = [];
    for (const { sql, columns, rows } of chunks) {
      const values = columns.map((_column, index) => rows.map((row) => row[index]));
      const operation = `${context.model}.${method}`;
      results.push(await executor.execute({ sql, values, operation, access: 'write', fieldsOf }));
    }
    return results;
  };
  // One statement is a transaction by itself.
  return await (chunks.length > 1 ? transactions.run(send) : send());
}

/** @throws {@link InvalidOptionsError} */
export function readChunkSize(value: unknown): number {
  if (value === undefined) return CHUNK_SIZE;
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_CHUNK_SIZE)
    return value as number;
  throw InvalidOptionsError.at('A bulk write', 'chunkSize', `is no integer between 1 and ${MAX_CHUNK_SIZE}.`);
}

/** @throws {@link ValidationError} */
export function readRows(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new ValidationError('rows', 'is no list of records.');
}
