import { ValidationError } from '../../errors/validation.error.js';

/**
 * What a field can be equal to, and what no operator of Prisma can hide in.
 *
 * @public
 */
export type ScalarValue = string | number | bigint | boolean | Date | Uint8Array;

/**
 * The condition "equal to this value", for a value that came from outside: `where: { token: eq(body.token, 'token') }`.
 *
 * Prisma takes `{ not: '' }` in the place of a value for an operator, and so does everything that hands a parsed body on.
 * Here it is refused, and so are lists, null (which would match the records that have no value), undefined, NaN, and texts
 * that PostgreSQL cannot hold.
 *
 * @param path - where the value stands in the input, for the error
 * @throws {@link ValidationError} when the value is no scalar
 *
 * @public
 */
export function eq<Value extends ScalarValue>(value: Value, path = 'value'): { readonly equals: Value } {
  const problem = problemOf(value);
  if (problem !== undefined) throw new ValidationError(path, problem);
  return { equals: value };
}

function problemOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0')) return 'contains the character NUL.';
      return /\p{Surrogate}/u.test(value) ? 'contains half of a surrogate pair.' : undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : 'is no finite number.';
    case 'bigint':
    case 'boolean':
      return undefined;
    case 'object':
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'is no valid date.' : undefined;
      if (value instanceof Uint8Array) return undefined;
      break;
    case 'undefined':
    case 'function':
    case 'symbol':
      break;
  }
  return 'is no single value, expected a text, a number, a boolean or a date.';
}
