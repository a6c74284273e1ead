import type { OperationNode } from 'kysely';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { ValidationError } from '../../errors/validation.error.js';
import { kysely } from '../kysely-module.js';
import { escapeLike } from '../like-pattern.js';
import { Sql } from '../sql.js';
import { expressionNode, pieceNode, SqlExpression } from './expressions.js';

/**
 * What {@link Conditions.where} can compare with; nothing else reaches the text of a statement.
 *
 * `contains`, `startsWith` and `endsWith` find the text as it is, `%` and `_` in it included, and tell capitals apart.
 *
 * @public
 */
export const OPERATORS = [
  ...(['=', '!=', '<>', '<', '<=', '>', '>='] as const),
  ...(['is', 'is not', 'is distinct from', 'is not distinct from'] as const),
  ...(['in', 'not in'] as const),
  ...(['like', 'not like', 'ilike', 'not ilike', 'contains', 'startsWith', 'endsWith'] as const),
  ...(['@>', '<@', '&&'] as const),
] as const;

/**
 * One of {@link OPERATORS}.
 *
 * @public
 */
export type Operator = (typeof OPERATORS)[number];

const PATTERNS = {
  contains: (text: string) => `%${escapeLike(text)}%`,
  startsWith: (text: string) => `${escapeLike(text)}%`,
  endsWith: (text: string) => `%${escapeLike(text)}`,
};

/** `left operator value`, with the value as a parameter. */
export function comparison(left: unknown, operator: unknown, value: unknown): OperationNode {
  const column = expressionNode(left, 'column');
  if (!OPERATORS.includes(operator as Operator)) {
    throw InvalidOptionsError.at('The query builder', 'operator', `is none of ${OPERATORS.join(', ')}.`);
  }
  const known = operator as Operator;
  switch (known) {
    case 'is':
    case 'is not':
      return binary(column, known, kysely().ValueNode.createImmediate(nullOrBoolean(value)));
    case 'in':
      return binary(column, '=', kysely().FunctionNode.create('any', [listNode(value)]));
    case 'not in':
      return binary(column, '<>', kysely().FunctionNode.create('all', [listNode(value)]));
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return binary(column, 'like', kysely().ValueNode.create(PATTERNS[known](textOf(value))));
    case 'like':
    case 'not like':
    case 'ilike':
    case 'not ilike':
      return binary(column, known, isOwn(value) ? ownNode(value) : kysely().ValueNode.create(textOf(value)));
    case 'is distinct from':
    case 'is not distinct from':
      return binary(column, known, value === null ? kysely().ValueNode.create(null) : scalarNode(value));
    case '@>':
    case '<@':
    case '&&':
      return binary(column, known, isOwn(value) ? ownNode(value) : containerNode(value));
    default:
      return binary(column, known, scalarNode(value));
  }
}

/** `column between low and high`, both ends included. */
export function between(column: unknown, low: unknown, high: unknown): OperationNode {
  return kysely().BinaryOperationNode.create(
    expressionNode(column, 'column'),
    kysely().OperatorNode.create('between'),
    kysely().AndNode.create(scalarNode(low, 'low'), scalarNode(high, 'high')),
  );
}

function binary(left: OperationNode, operator: Operator, right: OperationNode): OperationNode {
  return kysely().BinaryOperationNode.create(left, kysely().OperatorNode.create(operator as never), right);
}

function isOwn(value: unknown): value is Sql | SqlExpression<unknown> {
  return Sql.is(value) || SqlExpression.is(value);
}

function ownNode(value: Sql | SqlExpression<unknown>): OperationNode {
  return Sql.is(value) ? pieceNode(value) : (value.node as OperationNode);
}

/**
 * One value. Lists and plain objects are refused: that is what a request sends in place of a text, and no column that is
 * compared with `=` holds them.
 */
function scalarNode(value: unknown, path = 'value'): OperationNode {
  if (isOwn(value)) return ownNode(value);
  return kysely().ValueNode.create(checkScalar(value, path));
}

function checkScalar(value: unknown, path: string): unknown {
  if (value === undefined)
    throw new ValidationError(path, 'is undefined. Leave the condition out, or ask for NULL.');
  if (value === null)
    throw new ValidationError(path, 'is null, which equals nothing in SQL. Use `whereNull` or `is`.');
  if (Array.isArray(value))
    throw new ValidationError(path, 'is a list where one value is expected. Use `whereIn`.');
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null)
      throw new ValidationError(path, 'is an object where one value is expected.');
  } else if (typeof value === 'function' || typeof value === 'symbol') {
    throw new ValidationError(path, `is a ${typeof value}, which is no value.`);
  }
  return value;
}

/** One parameter however long the list is, so that the text of the statement stays the same. */
function listNode(value: unknown): OperationNode {
  if (!Array.isArray(value)) throw new ValidationError('value', 'is no list.');
  return kysely().ValueNode.create(value.map((element, index) => checkScalar(element, `value[${index}]`)));
}

function containerNode(value: unknown): OperationNode {
  if (Array.isArray(value)) return listNode(value);
  if (typeof value === 'object' && value !== null) return kysely().ValueNode.create(value);
  throw new ValidationError('value', 'is neither a list nor an object.');
}

function nullOrBoolean(value: unknown): null | boolean {
  if (value === null || typeof value === 'boolean') return value;
  throw new ValidationError(
    'value',
    'is neither null nor a boolean. Use `is not distinct from` for other values.',
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ValidationError('value', 'is no text.');
}
