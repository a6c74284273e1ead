import { refuseUndefined } from './defined-filters.js';

/** A scalar is the value of the field `id`; an object is a unique `where` already. Bytes, dates and decimals are scalars. */
export function whereOf(id: unknown): Readonly<Record<string, unknown>> {
  refuseUndefined(id, 'id');
  return isPlainObject(id) ? id : { id };
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
