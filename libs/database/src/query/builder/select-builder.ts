import type {
  JoinNode,
  JoinType,
  OperationNode,
  OrderByItemNode,
  SelectQueryNode,
  SelectionNode,
} from 'kysely';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { ValidationError } from '../../errors/validation.error.js';
import { kysely } from '../kysely-module.js';
import { checkBatchSize, rowsOf, type StreamOptions } from '../row-stream.js';
import { checkIdentifier } from '../sql-identifier.js';
import type { Row, SqlExecutor } from '../sql-executor.port.js';
import type { CompiledSql } from './query-builder.js';
import { ConditionList, ConditionVerbs } from './condition-list.js';
import { compile } from './compile.js';
import { directionNode } from './sort-direction.js';
import { expressionNode, SqlExpression, sqlFunctions } from './expressions.js';
import { columnNode, selectedColumn, tableNode } from './names.js';
import { comparison } from './operands.js';
import { deleteRows, insertRows, updateRows, type WriteBuilder } from './write-builder.js';

interface Selected {
  readonly name: string;
  readonly node: OperationNode;
}

/** What the verbs have said so far. */
interface SelectState {
  readonly table: OperationNode;
  readonly selections: readonly Selected[];
  readonly joins: readonly JoinNode[];
  readonly conditions: ConditionList;
  readonly groups: readonly OperationNode[];
  readonly having: ConditionList;
  readonly order: readonly OrderByItemNode[];
  readonly limit?: number;
  readonly offset?: number;
}

const DIRECTIONS: readonly unknown[] = ['asc', 'desc'];
const NULLS: readonly unknown[] = [undefined, 'first', 'last'];

/** The query builder without types; {@link SelectQuery} and {@link TableQuery} are its typed face. */
export class SelectBuilder extends ConditionVerbs<SelectBuilder> {
  // Hidden, so that a query that is logged does not show its values.
  readonly #executor: SqlExecutor;
  readonly #state: SelectState;

  private constructor(executor: SqlExecutor, state: SelectState) {
    super();
    this.#executor = executor;
    this.#state = state;
  }

  static from(executor: SqlExecutor, source: unknown): SelectBuilder {
    return new SelectBuilder(executor, {
      table: tableNode(source, 'from'),
      selections: [],
      joins: [],
      conditions: new ConditionList(),
      groups: [],
      having: new ConditionList(),
      order: [],
    });
  }

  protected get conditions(): ConditionList {
    return this.#state.conditions;
  }

  protected withConditions(conditions: ConditionList): SelectBuilder {
    return this.with({ conditions });
  }

  select(...columns: readonly unknown[]): SelectBuilder {
    const [compute] = columns;
    const added =
      typeof compute === 'function'
        ? computed((compute as (functions: typeof sqlFunctions) => unknown)(sqlFunctions))
        : columns.map((column) => selectedColumn(column, 'select'));
    const selections = [...this.#state.selections, ...added];
    const names = selections.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw InvalidOptionsError.at(
        'The query builder',
        'select',
        `has two columns called "${twice}"; a row holds one. Give one an alias: 'a.b as c'.`,
      );
    }
    return this.with({ selections });
  }

  innerJoin(source: unknown, left: unknown, right: unknown): SelectBuilder {
    return this.join('InnerJoin', source, left, right);
  }

  leftJoin(source: unknown, left: unknown, right: unknown): SelectBuilder {
    return this.join('LeftJoin', source, left, right);
  }

  rightJoin(source: unknown, left: unknown, right: unknown): SelectBuilder {
    return this.join('RightJoin', source, left, right);
  }

  fullJoin(source: unknown, left: unknown, right: unknown): SelectBuilder {
    return this.join('FullJoin', source, left, right);
  }

  groupBy(...columns: readonly unknown[]): SelectBuilder {
    return this.with({
      groups: [...this.#state.groups, ...columns.map((column) => expressionNode(column, 'groupBy'))],
    });
  }

  having(compute: unknown, operator: unknown, value: unknown): SelectBuilder {
    const left: unknown =
      typeof compute === 'function'
        ? (compute as (functions: typeof sqlFunctions) => unknown)(sqlFunctions)
        : compute;
    return this.with({ having: this.#state.having.and(comparison(left, operator, value)) });
  }

  orderBy(column: unknown, direction: unknown = 'asc', nulls?: unknown): SelectBuilder {
    if (!DIRECTIONS.includes(direction))
      throw InvalidOptionsError.at('The query builder', 'direction', `is neither 'asc' nor 'desc'.`);
    if (!NULLS.includes(nulls))
      throw InvalidOptionsError.at('The query builder', 'nulls', `is neither 'first' nor 'last'.`);
    const item = kysely().OrderByItemNode.create(
      expressionNode(column, 'orderBy'),
      // What the caller gave was only compared.
      directionNode(direction === 'asc' ? 'asc' : 'desc'),
    );
    const placed =
      nulls === undefined ? item : ({ ...item, nulls: nulls === 'first' ? 'first' : 'last' } as const);
    return this.with({ order: [...this.#state.order, placed] });
  }

  limit(rows: unknown): SelectBuilder {
    return this.with({ limit: rowCount(rows, 'limit') });
  }

  offset(rows: unknown): SelectBuilder {
    return this.with({ offset: rowCount(rows, 'offset') });
  }

  async get(): Promise<Row[]> {
    const { rows } = await this.#executor.execute(compile(this.node(), 'QueryBuilder.get'));
    return rows;
  }

  async first(): Promise<Row | null> {
    const { limit = 1 } = this.#state;
    const rows = await this.with({ limit: Math.min(limit, 1) }).get();
    return rows[0] ?? null;
  }

  async count(): Promise<number> {
    const { rows } = await this.#executor.execute(compile(this.countNode(), 'QueryBuilder.count'));
    return Number(rows[0]?.count);
  }

  stream(options?: StreamOptions): AsyncIterableIterator<Row> {
    const batchSize = checkBatchSize(options);
    return rowsOf<Row>(this.#executor.stream(compile(this.node(), 'QueryBuilder.stream'), { batchSize }));
  }

  toSql(): CompiledSql {
    const { sql, values } = compile(this.node(), 'QueryBuilder.toSql');
    return { sql, values };
  }

  insert(rows: unknown): WriteBuilder {
    return insertRows(this.#executor, this.tableFor('insert', true), rows);
  }

  update(values: unknown): WriteBuilder {
    return updateRows(this.#executor, this.tableFor('update', false), this.conditions, values);
  }

  delete(): WriteBuilder {
    return deleteRows(this.#executor, this.tableFor('delete', false), this.conditions);
  }

  private with(change: Partial<SelectState>): SelectBuilder {
    return new SelectBuilder(this.#executor, { ...this.#state, ...change });
  }

  private join(type: JoinType, source: unknown, left: unknown, right: unknown): SelectBuilder {
    const on = kysely().BinaryOperationNode.create(
      columnNode(left, 'left'),
      kysely().OperatorNode.create('='),
      columnNode(right, 'right'),
    );
    const join = kysely().JoinNode.createWithOn(type, tableNode(source, 'join'), on);
    return this.with({ joins: [...this.#state.joins, join] });
  }

  /** A write that dropped what a query has said, its limit for one, would write more rows than were asked for. */
  private tableFor(verb: string, isInsert: boolean): OperationNode {
    const { table, selections, joins, groups, having, order, limit, offset, conditions } = this.#state;
    const said = [
      selections.length > 0 && 'select',
      joins.length > 0 && 'join',
      groups.length > 0 && 'groupBy',
      having.node !== undefined && 'having',
      order.length > 0 && 'orderBy',
      limit !== undefined && 'limit',
      offset !== undefined && 'offset',
      isInsert && conditions.node !== undefined && 'where',
    ].filter((one) => one !== false);
    if (said.length === 0) return table;
    throw InvalidOptionsError.at(
      'The query builder',
      verb,
      `cannot follow ${said.join(', ')}, which it would ignore.`,
    );
  }

  private node(): SelectQueryNode {
    const { selections, joins, order, limit, offset } = this.#state;
    if (joins.length > 0 && selections.length === 0) {
      throw InvalidOptionsError.at(
        'The query builder',
        'select',
        'is missing. Columns of several tables may have one name: say which you want.',
      );
    }
    const chosen = selections.map(({ node }) => kysely().SelectionNode.create(node as never));
    return {
      ...this.rowsNode(chosen.length === 0 ? [kysely().SelectionNode.createSelectAll()] : chosen),
      ...(order.length > 0 && { orderBy: kysely().OrderByNode.create(order) }),
      ...(limit !== undefined && { limit: kysely().LimitNode.create(kysely().ValueNode.create(limit)) }),
      ...(offset !== undefined && { offset: kysely().OffsetNode.create(kysely().ValueNode.create(offset)) }),
    };
  }

  private rowsNode(selections: readonly SelectionNode[]): SelectQueryNode {
    const { table, joins, conditions, groups, having } = this.#state;
    return {
      kind: 'SelectQueryNode',
      from: kysely().FromNode.create([table]),
      selections,
      ...(joins.length > 0 && { joins }),
      ...(conditions.node && { where: kysely().WhereNode.create(conditions.node) }),
      ...(groups.length > 0 && {
        groupBy: kysely().GroupByNode.create(
          groups.map((group) => kysely().GroupByItemNode.create(group as never)),
        ),
      }),
      ...(having.node && { having: kysely().HavingNode.create(having.node) }),
    };
  }

  private countNode(): SelectQueryNode {
    const { groups, having, limit, offset } = this.#state;
    const counted = kysely().SelectionNode.create(
      kysely().AliasNode.create(
        kysely().AggregateFunctionNode.create('count', [kysely().SelectAllNode.create()]),
        kysely().IdentifierNode.create('count'),
      ),
    );
    const asItIs =
      groups.length === 0 && having.node === undefined && limit === undefined && offset === undefined;
    if (asItIs) return this.rowsNode([counted]);
    const inner: SelectQueryNode = {
      ...this.rowsNode([kysely().SelectionNode.create(kysely().ValueNode.createImmediate(1) as never)]),
      ...(limit !== undefined && { limit: kysely().LimitNode.create(kysely().ValueNode.create(limit)) }),
      ...(offset !== undefined && { offset: kysely().OffsetNode.create(kysely().ValueNode.create(offset)) }),
    };
    const from = kysely().FromNode.create([
      kysely().AliasNode.create(inner, kysely().IdentifierNode.create('counted')),
    ]);
    return { kind: 'SelectQueryNode', from, selections: [counted] };
  }
}

function computed(values: unknown): Selected[] {
  if (typeof values !== 'object' || values === null)
    throw InvalidOptionsError.at('The query builder', 'select', 'computes no object of values.');
  return Object.entries(values).map(([name, value]) => {
    if (!SqlExpression.is(value))
      throw InvalidOptionsError.at(
        'The query builder',
        'select',
        `computes "${name}" by none of the given functions.`,
      );
    const alias = kysely().IdentifierNode.create(checkIdentifier(name, 'select'));
    return { name, node: kysely().AliasNode.create(value.node as OperationNode, alias) };
  });
}

function rowCount(rows: unknown, path: string): number {
  if (Number.isSafeInteger(rows) && (rows as number) >= 0) return rows as number;
  throw new ValidationError(path, 'is no integer from 0.');
}
