import type { OperationNode } from 'kysely';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { kysely } from '../kysely-module.js';
import { Sql } from '../sql.js';
import { columnNode } from './names.js';

/**
 * A value that the database computes, for `select` and `having`: what {@link SqlFunctions} give.
 *
 * Only the library makes them: an object that came out of `JSON.parse` is never one.
 *
 * @typeParam Value - what the result holds; for computed values the caller's word, not checked
 *
 * @public
 */
export class SqlExpression<Value> {
  readonly #node: OperationNode;
  /** Only a type, so that two expressions differ by what they give. */
  declare protected readonly value: Value;

  /** @internal */
  constructor(node: object) {
    this.#node = node as OperationNode;
  }

  /**
   * Whether a value is one, which is not a question of its shape.
   *
   * @internal
   */
  static is(value: unknown): value is SqlExpression<unknown> {
    return typeof value === 'object' && value !== null && #node in value;
  }

  /**
   * What Kysely compiles.
   *
   * @internal
   */
  get node(): object {
    return this.#node;
  }
}

const aggregate = (name: 'count' | 'sum' | 'avg' | 'min' | 'max', column: unknown) =>
  kysely().AggregateFunctionNode.create(name, [columnNode(column, name)]);

/** What `select` and `having` hand to their callback. */
export const sqlFunctions = Object.freeze({
  count: (column?: unknown) =>
    new SqlExpression(
      column === undefined
        ? kysely().AggregateFunctionNode.create('count', [kysely().SelectAllNode.create()])
        : aggregate('count', column),
    ),
  countDistinct: (column: unknown) =>
    new SqlExpression(kysely().AggregateFunctionNode.cloneWithDistinct(aggregate('count', column))),
  sum: (column: unknown) => new SqlExpression(aggregate('sum', column)),
  avg: (column: unknown) => new SqlExpression(aggregate('avg', column)),
  min: (column: unknown) => new SqlExpression(aggregate('min', column)),
  max: (column: unknown) => new SqlExpression(aggregate('max', column)),
  value(piece: unknown) {
    if (Sql.is(piece)) return new SqlExpression(pieceNode(piece));
    throw InvalidOptionsError.at('The query builder', 'value', 'is no piece of SQL. Write it as db.sql`…`.');
  },
});

/** A piece of the caller's own SQL, in parentheses, so that its operators stay among themselves. */
export function pieceNode(piece: Sql): OperationNode {
  const { texts, values } = piece.pieces;
  return kysely().ParensNode.create(
    kysely().RawNode.create(
      texts,
      values.map((value) => kysely().ValueNode.create(value)),
    ),
  );
}

/** A piece of SQL, a computed value or a column; anything else is taken for the name of a column, and refused if it is none. */
export function expressionNode(value: unknown, path: string): OperationNode {
  if (Sql.is(value)) return pieceNode(value);
  if (SqlExpression.is(value)) return value.node as OperationNode;
  return columnNode(value, path);
}
