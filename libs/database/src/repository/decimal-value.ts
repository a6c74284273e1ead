/** A decimal number as Prisma takes it. */
export interface DecimalValue {
  toFixed(): string;
  toString(): string;
}

/**
 * Whether it is what Prisma takes for a decimal: of its own class, or of another copy of the library that comes from. What
 * comes out of JSON has no functions, and so is none.
 */
export function isDecimal(value: unknown): value is DecimalValue {
  if (typeof value !== 'object' || value === null) return false;
  const { s, e, d, toFixed } = value as { readonly [Part in 's' | 'e' | 'd' | 'toFixed']?: unknown };
  return typeof s === 'number' && typeof e === 'number' && Array.isArray(d) && typeof toFixed === 'function';
}
