import { partsOf } from '../../query/database.js';
import type { ModelColumn } from '../../query/model-table.js';
import type { Row } from '../../query/sql-executor.port.js';
import type { RepositoryContext } from '../repository-context.js';
import type { Condition } from '../where/condition.js';
import type { CursorValues } from './cursor.js';
import type { PageOrder } from './page-order.js';
import type { PageRequest, PageRows } from './page-reader.js';
import { BEFORE, beforeStatement, fieldAlias, keyAlias, pageStatement } from './page-statement.js';

/** Finds the rows of a page with one SQL statement. */
export async function readPageBySql(
  context: RepositoryContext,
  { operation, ...request }: PageRequest,
  where: Condition,
  fields: readonly ModelColumn[],
): Promise<PageRows> {
  const { executor } = partsOf(context.db);
  const query = { ...request, where, fields };
  const { rows } = await executor.execute({ ...pageStatement(query), operation, access: 'read' });
  const found = rows.map((row) => ({
    fields: readFields(row, fields),
    cursor: readKeys(row, request.order),
  }));
  if (request.cursor === undefined) return { rows: found, hasBefore: false };
  const [first] = rows;
  if (first !== undefined) return { rows: found, hasBefore: first[BEFORE] === true };
  const answer = await executor.execute({ ...beforeStatement(query), operation, access: 'read' });
  return { rows: found, hasBefore: answer.rows[0]?.[BEFORE] === true };
}

function readFields(row: Row, fields: readonly ModelColumn[]): Row {
  return Object.fromEntries(fields.map(({ field }, index) => [field, row[fieldAlias(index)]]));
}

export function readKeys(row: Row, order: PageOrder): CursorValues {
  return order.map((_, index) => row[keyAlias(index)] as string | null);
}
