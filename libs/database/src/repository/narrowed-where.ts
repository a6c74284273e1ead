import { ValidationError } from '../errors/validation.error.js';
import type { Arguments } from './defined-filters.js';

/**
 * `where` with one condition more, which nothing in it can take back; a unique key stays where Prisma looks for it.
 *
 * @throws {@link ValidationError} for a `where` that is no object of conditions
 */
export function narrowedWhere(where: unknown, field: string, condition: unknown): Arguments {
  if (where === undefined) return { [field]: condition };
  if (typeof where !== 'object' || where === null || Array.isArray(where)) {
    throw new ValidationError('where', 'is no object of conditions. Nothing was sent.');
  }
  const narrowed: Record<string, unknown> = {};
  // Inherited conditions as well, as Prisma reads them.
  for (const key in where) narrowed[key] = (where as Arguments)[key];
  if (!(field in narrowed)) {
    narrowed[field] = condition;
    return narrowed;
  }
  const { AND } = narrowed;
  // Whatever stands there stays, for Prisma to judge: left out, it would widen the condition.
  const others: unknown[] = AND === undefined ? [] : Array.isArray(AND) ? AND : [AND];
  narrowed.AND = [...others, { [field]: condition }];
  return narrowed;
}
