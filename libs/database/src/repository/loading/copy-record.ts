import { isPlainObject } from '../record-id.js';

/**
 * A copy that shares nothing that can be changed: callers who asked for the same record must not see each other's
 * changes. Decimals are shared, as nothing changes one.
 */
export function copyRecord(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyRecord);
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (!isPlainObject(value)) return value;
  const copy: Record<string, unknown> = {};
  // Defined and not set, as JSON of the database may have a key `__proto__`.
  for (const key of Object.keys(value)) {
    if (key === '__proto__')
      Object.defineProperty(copy, key, {
        value: copyRecord(value[key]),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else copy[key] = copyRecord(value[key]);
  }
  return copy;
}
