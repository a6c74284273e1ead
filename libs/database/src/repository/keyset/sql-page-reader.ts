import { partsOf } from '../../query/database.js';
import type { ModelColumn } from '../../query/model-table.js';
import type { Row } from '../../query/sql-executor.port.js';
import type { RepositoryContext } from '../repository-context.js';
import type { Condition } from '../where/condition.js';
import type { CursorValues } from './cursor.js';
import type { PageOrder } from './page-order.js';
import type { PageRequest, PageRows } from './page-reader.js';
import { AT_CURSOR, beforeStatement, fieldAlias, keyAlias, pageStatement } from './page-statement.js';

/**
 * Finds the rows of a page with one SQL statement, and with another one where the row of the cursor is gone, or does not
 * meet the condition any more: only then it cannot be told from the page whether something comes before it.
 */
export async function readPageBySql(
  context: RepositoryContext,
  { operation, ...request }: PageRequest,
  where: Condition,
  fields: readonly ModelColumn[],
): Promise<PageRows> {
  const { executor } = partsOf(context.db);
  const query = { ...request, where, fields };
  const { rows } = await executor.execute({ ...pageStatement(query), operation, access: 'read' });
  const hasCursorRow = rows[0]?.[AT_CURSOR] === true;
  const found = (hasCursorRow ? rows.slice(1) : rows.slice(0, request.limit)).map((row) => ({
    fields: readFields(row, fields),
    cursor: readKeys(row, request.order),
  }));
  if (hasCursorRow || request.cursor === undefined) return { rows: found, hasBefore: hasCursorRow };
  const answer = await executor.execute({ ...beforeStatement(query), operation, access: 'read' });
  return { rows: found, hasBefore: answer.rows.length > 0 };
}

function readFields(row: Row, fields: readonly ModelColumn[]): Row {
  return Object.fromEntries(fields.map(({ field }, index) => [field, row[fieldAlias(index)]]));
}

export function readKeys(row: Row, order: PageOrder): CursorValues {
  return order.map((_, index) => row[keyAlias(index)] as string | null);
}
