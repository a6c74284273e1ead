import type { DeleteQueryNode, InsertQueryNode, OperationNode, TableNode, UpdateQueryNode } from 'kysely';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { ValidationError } from '../../errors/validation.error.js';
import { kysely } from '../kysely-module.js';
import { Sql } from '../sql.js';
import { checkIdentifier } from '../sql-identifier.js';
import type { Row, SqlExecutor, SqlStatement } from '../sql-executor.port.js';
import { compile } from './compile.js';
import { ConditionList, ConditionVerbs } from './condition-list.js';
import { expressionNode, SqlExpression } from './expressions.js';
import { selectedColumn } from './names.js';
import type { CompiledSql } from './query-builder.js';

type WriteNode = InsertQueryNode | UpdateQueryNode | DeleteQueryNode;
type Filter = 'every row' | 'needed' | 'none';

export function insertRows(executor: SqlExecutor, table: OperationNode, rows: unknown): WriteBuilder {
  const list = Array.isArray(rows)
    ? rows.map((row, index) => checkRow(row, `rows[${index}]`))
    : [checkRow(rows, 'row')];
  if (list.length === 0) throw new ValidationError('rows', 'is empty: there is nothing to insert.');
  const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
  const insert = kysely().InsertQueryNode.create(table as TableNode);
  // SQL has no list of no columns.
  if (columns.length === 0 && list.length > 1) throw new ValidationError('rows', 'hold no columns.');
  const node =
    columns.length === 0
      ? kysely().InsertQueryNode.cloneWith(insert, { defaultValues: true })
      : kysely().InsertQueryNode.cloneWith(insert, {
          columns: columns.map((column) => kysely().ColumnNode.create(checkIdentifier(column, 'column'))),
          values: kysely().ValuesNode.create(
            list.map((row) =>
              kysely().ValueListNode.create(
                columns.map((column) =>
                  Object.hasOwn(row, column)
                    ? valueNode(row[column], column)
                    : kysely().DefaultInsertValueNode.create(),
                ),
              ),
            ),
          ),
        });
  return new WriteBuilder(executor, node, new ConditionList(), 'none');
}

export function updateRows(
  executor: SqlExecutor,
  table: OperationNode,
  conditions: ConditionList,
  values: unknown,
): WriteBuilder {
  const entries = Object.entries(checkRow(values, 'values'));
  if (entries.length === 0) throw new ValidationError('values', 'is empty: there is nothing to change.');
  const node = kysely().UpdateQueryNode.cloneWithUpdates(
    kysely().UpdateQueryNode.create([table]),
    entries.map(([column, value]) =>
      kysely().ColumnUpdateNode.create(
        kysely().ColumnNode.create(checkIdentifier(column, 'column')),
        valueNode(value, column),
      ),
    ),
  );
  return new WriteBuilder(executor, node, conditions, 'needed');
}

export function deleteRows(
  executor: SqlExecutor,
  table: OperationNode,
  conditions: ConditionList,
): WriteBuilder {
  return new WriteBuilder(executor, kysely().DeleteQueryNode.create([table]), conditions, 'needed');
}

/** A statement that writes, without types; `WriteQuery` and `FilteredWriteQuery` are its typed face. */
export class WriteBuilder extends ConditionVerbs<WriteBuilder> implements PromiseLike<number> {
  // Hidden, so that a statement that is logged does not show its values.
  readonly #executor: SqlExecutor;
  readonly #written: WriteNode;
  readonly #conditions: ConditionList;
  readonly #filter: Filter;

  constructor(executor: SqlExecutor, written: WriteNode, conditions: ConditionList, filter: Filter) {
    super();
    this.#executor = executor;
    this.#written = written;
    this.#conditions = conditions;
    this.#filter = filter;
  }

  protected get conditions(): ConditionList {
    return this.#conditions;
  }

  protected withConditions(conditions: ConditionList): WriteBuilder {
    if (this.#filter === 'none')
      throw InvalidOptionsError.at('The query builder', 'where', 'has no meaning for an insert.');
    return new WriteBuilder(this.#executor, this.#written, conditions, this.#filter);
  }

  all(): WriteBuilder {
    if (this.#filter === 'none')
      throw InvalidOptionsError.at('The query builder', 'all', 'has no meaning for an insert.');
    if (this.conditions.node !== undefined)
      throw InvalidOptionsError.at('The query builder', 'all', 'contradicts the conditions before it.');
    return new WriteBuilder(this.#executor, this.#written, this.conditions, 'every row');
  }

  returning(...columns: readonly unknown[]): ReturningBuilder {
    const selections =
      columns.length === 0
        ? [kysely().SelectionNode.createSelectAll()]
        : columns.map((column) =>
            kysely().SelectionNode.create(selectedColumn(column, 'returning').node as never),
          );
    const node = kysely().QueryNode.cloneWithReturning(this.node(), selections);
    return new ReturningBuilder(this.#executor, compile(node, this.operation()));
  }

  async execute(): Promise<number> {
    const { rowCount } = await this.#executor.execute(compile(this.node(), this.operation()));
    return rowCount ?? 0;
  }

  toSql(): CompiledSql {
    const { sql, values } = compile(this.node(), this.operation());
    return { sql, values };
  }

  then<Fulfilled = number, Rejected = never>(
    onFulfilled?: ((written: number) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.execute().then(onFulfilled, onRejected);
  }

  private node(): WriteNode {
    const { node } = this.conditions;
    if (this.#filter === 'needed' && node === undefined) {
      throw InvalidOptionsError.at(
        'The query builder',
        'where',
        'is missing, which would write every row of the table. Add a condition, or say `.all()`.',
      );
    }
    if (this.#filter === 'every row' && node !== undefined) {
      throw InvalidOptionsError.at('The query builder', 'where', 'contradicts the `.all()` before it.');
    }
    return node === undefined
      ? this.#written
      : kysely().QueryNode.cloneWithWhere(this.#written as UpdateQueryNode, node);
  }

  private operation(): string {
    return `QueryBuilder.${this.#written.kind.replace('QueryNode', '').toLowerCase()}`;
  }
}

/** A statement that writes and gives rows, without types; `ReturningQuery` is its typed face. */
export class ReturningBuilder implements PromiseLike<Row[]> {
  readonly #executor: SqlExecutor;
  readonly #statement: SqlStatement;

  constructor(executor: SqlExecutor, statement: SqlStatement) {
    this.#executor = executor;
    this.#statement = statement;
  }

  async get(): Promise<Row[]> {
    const { rows } = await this.#executor.execute(this.#statement);
    return rows;
  }

  async first(): Promise<Row | null> {
    const rows = await this.get();
    return rows[0] ?? null;
  }

  toSql(): CompiledSql {
    return { sql: this.#statement.sql, values: this.#statement.values };
  }

  then<Fulfilled = Row[], Rejected = never>(
    onFulfilled?: ((rows: Row[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.get().then(onFulfilled, onRejected);
  }
}

function checkRow(row: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof row === 'object' && row !== null && !Array.isArray(row))
    return row as Readonly<Record<string, unknown>>;
  throw new ValidationError(path, 'is no object of columns and values.');
}

/** Plain objects are values here, for columns of JSON: they go as JSON text, whatever they look like. */
function valueNode(value: unknown, column: string): OperationNode {
  if (Sql.is(value) || SqlExpression.is(value)) return expressionNode(value, column);
  if (value === undefined) {
    throw new ValidationError(column, 'is undefined. Give null for NULL, or leave the column out.');
  }
  return kysely().ValueNode.create(value);
}
