import { escapeLike } from '../../query/like-pattern.js';
import type { FieldRule, QueryOperator } from './query-rules.js';

/** One condition on one field, with a value of the field's own type. */
export interface Condition {
  readonly rule: FieldRule;
  readonly operator: QueryOperator;
  readonly value: unknown;
}

type Level = Record<string, unknown>;
type Fragment = Readonly<Record<string, unknown>>;

/**
 * Prisma's `where` for conditions that all have to hold. Its keys come from the rules and from here alone.
 *
 * Conditions on one list of related records have to hold for one and the same of them (`some`).
 */
export function buildWhere(conditions: readonly Condition[]): Level {
  const where: Level = {};
  for (const { rule, operator, value } of conditions) {
    let level = where;
    for (const { name, isList } of rule.relations) {
      level = inside(level, name);
      if (isList) level = inside(level, 'some');
    }
    place(level, rule.field, fragmentOf(rule, operator, value));
  }
  return where;
}

function inside(level: Level, key: string): Level {
  if (!Object.hasOwn(level, key)) level[key] = {};
  return level[key] as Level;
}

/** Beside what is there, or under `AND` where that says something else by the same key. */
function place(level: Level, field: string, fragment: Fragment): void {
  const present = Object.hasOwn(level, field) ? (level[field] as Fragment) : undefined;
  if (present === undefined) {
    level[field] = { ...fragment };
  } else if (present.mode === fragment.mode && Object.keys(fragment).every((key) => isFree(present, key))) {
    level[field] = { ...present, ...fragment };
  } else {
    const others = (level.AND ??= []) as Level[];
    others.push({ [field]: { ...fragment } });
  }
}

function isFree(present: Fragment, key: string): boolean {
  return key === 'mode' || !(key in present);
}

function fragmentOf({ ignoreCase }: FieldRule, operator: QueryOperator, value: unknown): Fragment {
  switch (operator) {
    case 'eq':
      return { equals: value };
    case 'ne':
      return { not: value };
    case 'isNull':
      return value === true ? { equals: null } : { not: null };
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return { [operator]: escapeLike(value as string), ...(ignoreCase && { mode: 'insensitive' }) };
    case 'in':
    case 'notIn':
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return { [operator]: value };
  }
}
