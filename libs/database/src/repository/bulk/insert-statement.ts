import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import { quoteIdentifier } from '../../query/sql-identifier.js';
import { castType } from './column-text.js';

/** What happens to a row whose key is there already. */
export interface ConflictClause {
  /** The columns of the key; undefined stands for any. */
  readonly target: readonly ModelColumn[] | undefined;
  /** What takes the values of the row; none leaves the old row as it is. */
  readonly update: readonly ModelColumn[];
  /** A column that counts one up with each change. */
  readonly counter: ModelColumn | undefined;
  /** A column that has to be NULL in the old row for it to be changed. */
  readonly onlyWhereNull: ModelColumn | undefined;
}

/**
 * One text for any number of rows: each column is one parameter, a list of texts, and so no number of rows comes near the
 * number of parameters a statement can carry.
 *
 * @param returning - what to give back of a written row, which is called `t`; empty for nothing
 */
export function insertStatement(
  table: ModelTable,
  columns: readonly ModelColumn[],
  conflict: ConflictClause | undefined,
  returning: string,
): string {
  const name = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.table)}`;
  const target = columns.map(({ column }) => quoteIdentifier(column)).join(', ');
  const values = columns.map((column, index) => `u.c${index}::${castType(column)}`).join(', ');
  const lists = columns.map((_column, index) => `$${index + 1}::text[]`).join(', ');
  const names = columns.map((_column, index) => `c${index}`).join(', ');
  return [
    `INSERT INTO ${name} AS t (${target})`,
    `SELECT ${values} FROM unnest(${lists}) AS u(${names})`,
    ...(conflict === undefined ? [] : [onConflict(conflict)]),
    ...(returning === '' ? [] : [`RETURNING ${returning}`]),
  ].join(' ');
}

function onConflict({ target, update, counter, onlyWhereNull }: ConflictClause): string {
  const key =
    target === undefined ? '' : ` (${target.map(({ column }) => quoteIdentifier(column)).join(', ')})`;
  if (update.length === 0) return `ON CONFLICT${key} DO NOTHING`;
  const changes = update.map(
    ({ column }) => `${quoteIdentifier(column)} = EXCLUDED.${quoteIdentifier(column)}`,
  );
  if (counter !== undefined)
    changes.push(`${quoteIdentifier(counter.column)} = t.${quoteIdentifier(counter.column)} + 1`);
  const where =
    onlyWhereNull === undefined ? '' : ` WHERE t.${quoteIdentifier(onlyWhereNull.column)} IS NULL`;
  return `ON CONFLICT${key} DO UPDATE SET ${changes.join(', ')}${where}`;
}
