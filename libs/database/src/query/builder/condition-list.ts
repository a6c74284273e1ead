import type { OperationNode } from 'kysely';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { kysely } from '../kysely-module.js';
import { Sql } from '../sql.js';
import { pieceNode } from './expressions.js';
import { between, comparison } from './operands.js';

/** `where(column, operator, value)`, `where(sql)` or `where(group)`. */
export type ConditionArguments = readonly unknown[];

/**
 * Conditions from the left to the right: each one narrows or widens all that stand before it, so that a `where` at the
 * end binds every row, whatever an `orWhere` before it lets in.
 */
export class ConditionList {
  constructor(readonly node?: OperationNode) {}

  and(next: OperationNode): ConditionList {
    if (this.node === undefined) return new ConditionList(next);
    return new ConditionList(kysely().AndNode.create(inParentheses(this.node), inParentheses(next)));
  }

  or(next: OperationNode): ConditionList {
    // There is nothing to widen: alone it would be the only condition, and read like the opposite.
    if (this.node === undefined)
      throw InvalidOptionsError.at('The query builder', 'orWhere', 'comes first. Begin with `where`.');
    return new ConditionList(kysely().OrNode.create(this.node, next));
  }
}

/** The part of a query that conditions are added to; each verb returns a new one. */
export abstract class ConditionVerbs<Self> {
  protected abstract readonly conditions: ConditionList;
  protected abstract withConditions(conditions: ConditionList): Self;

  where(...condition: ConditionArguments): Self {
    return this.withConditions(this.conditions.and(conditionNode(condition)));
  }

  orWhere(...condition: ConditionArguments): Self {
    return this.withConditions(this.conditions.or(conditionNode(condition)));
  }

  whereIn(column: unknown, values: unknown): Self {
    return this.withConditions(this.conditions.and(comparison(column, 'in', values)));
  }

  whereNotIn(column: unknown, values: unknown): Self {
    return this.withConditions(this.conditions.and(comparison(column, 'not in', values)));
  }

  whereNull(column: unknown): Self {
    return this.withConditions(this.conditions.and(comparison(column, 'is', null)));
  }

  whereNotNull(column: unknown): Self {
    return this.withConditions(this.conditions.and(comparison(column, 'is not', null)));
  }

  whereBetween(column: unknown, low: unknown, high: unknown): Self {
    return this.withConditions(this.conditions.and(between(column, low, high)));
  }
}

/** What a group's callback adds its conditions to. */
class ConditionGroup extends ConditionVerbs<ConditionGroup> {
  readonly #conditions: ConditionList;

  constructor(conditions = new ConditionList()) {
    super();
    this.#conditions = conditions;
  }

  protected get conditions(): ConditionList {
    return this.#conditions;
  }

  protected withConditions(conditions: ConditionList): ConditionGroup {
    return new ConditionGroup(conditions);
  }

  static nodeOf(build: (group: ConditionGroup) => unknown): OperationNode {
    const built = build(new ConditionGroup());
    const node = built instanceof ConditionGroup ? built.conditions.node : undefined;
    // A group of nothing would let every row pass.
    if (node === undefined)
      throw InvalidOptionsError.at(
        'The query builder',
        'where',
        'is given a group that returns no condition.',
      );
    return kysely().ParensNode.create(node);
  }
}

function conditionNode(condition: ConditionArguments): OperationNode {
  const [first, operator, value] = condition;
  if (condition.length >= 3) return comparison(first, operator, value);
  if (condition.length === 1 && Sql.is(first)) return pieceNode(first);
  if (condition.length === 1 && typeof first === 'function')
    return ConditionGroup.nodeOf(first as (group: ConditionGroup) => unknown);
  throw InvalidOptionsError.at(
    'The query builder',
    'where',
    'takes a column, an operator and a value, a piece of SQL, or a group.',
  );
}

/** Anything put together from two conditions; a comparison binds tighter than what is around it. */
function inParentheses(node: OperationNode): OperationNode {
  return node.kind === 'OrNode' ? kysely().ParensNode.create(node) : node;
}
