import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { Row, SqlStatement } from '../../query/sql-executor.port.js';
import { quoteIdentifier } from '../../query/sql-identifier.js';
import { SqlParameters } from '../where/sql-parameters.js';
import type { CursorValues } from './cursor.js';
import { addCursor, branchesAfter, columnOf } from './keyset-branches.js';
import type { PageOrder } from './page-order.js';
import { keyAlias, TABLE_ALIAS } from './page-statement.js';

/** Under which the number of the row in the list arrives, counted from 1. */
export const PLACE = 'n';

/** Where the rows of these keys stand in an order; only those after the cursor. */
export function locateStatement(
  { schema, table }: ModelTable,
  order: PageOrder,
  cursor: CursorValues | undefined,
  key: readonly ModelColumn[],
  rows: readonly Row[],
  isInclusive: boolean,
): Pick<SqlStatement, 'sql' | 'values'> {
  const parameters = new SqlParameters();
  const column = columnOf(TABLE_ALIAS);
  const lists = key.map(
    ({ field, sqlType }) => `${parameters.add(rows.map((row) => row[field]))}::${sqlType}[]`,
  );
  const names = key.map((_, index) => `c${index}`);
  const matches = key.map((one, index) => `${TABLE_ALIAS}.${quoteIdentifier(one.column)} = w.c${index}`);
  const after =
    cursor === undefined
      ? []
      : [
          branchesAfter(order, addCursor(cursor, parameters), column, isInclusive).map(
            ({ conditions }) => `(${conditions.join(' AND ')})`,
          ),
        ];
  const places = order.map((one, index) => `${column(one)}::text AS ${keyAlias(index)}`);
  return {
    sql:
      `SELECT w.${PLACE}, ${places.join(', ')} FROM unnest(${lists.join(', ')}) WITH ORDINALITY AS w(${names.join(', ')}, ${PLACE}) ` +
      `JOIN ${quoteIdentifier(schema)}.${quoteIdentifier(table)} AS ${TABLE_ALIAS} ON ${matches.join(' AND ')}` +
      after.map((parts) => ` WHERE ${parts.join(' OR ')}`).join(''),
    values: parameters.values,
  };
}
