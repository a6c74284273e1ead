import { ValidationError } from '../errors/validation.error.js';
import { isDecimal } from './decimal-value.js';
import type { Arguments } from './defined-filters.js';

/** The scalar fields of a model, as far as an id is concerned. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * The unique `where` of an id: a scalar is the value of the field `id`, a plain object is the unique key already. Bytes,
 * dates and decimals are scalars.
 *
 * An id holds values and never conditions. One that comes from outside may be an object where a scalar was meant, such
 * as `{ gt: 0 }`; it is refused before anything is sent.
 *
 * @throws {@link ValidationError} for whatever is no id
 */
export function whereOf(id: unknown, fields: Fields, path = 'id'): Arguments {
  if (typeof id === 'string' || typeof id === 'bigint' || isScalar(id, path)) return { id };
  if (!isPlainObject(id)) throw noId(path, 'is no id');
  const keys = Object.keys(id);
  if (keys.length === 0) throw noId(path, 'is an object without a key');
  for (const key of keys) {
    const value = id[key];
    const at = `${path}.${key}`;
    if (isScalar(value, at)) {
      if (!Object.hasOwn(fields, key)) throw noId(at, 'is no field of the model');
    } else if (!Object.hasOwn(fields, key) && isPlainObject(value)) checkCompound(value, fields, at);
    else throw noId(at, 'is no single value');
  }
  return id;
}

/** The value of a compound key, such as `{ orderId, lineNo }` under `orderId_lineNo`. */
function checkCompound(value: Arguments, fields: Fields, path: string): void {
  const keys = Object.keys(value);
  if (keys.length < 2) throw noId(path, 'is no compound key');
  for (const key of keys) {
    const at = `${path}.${key}`;
    if (!isScalar(value[key], at)) throw noId(at, 'is no single value');
    if (!Object.hasOwn(fields, key)) throw noId(at, 'is no field of the model');
  }
}

/** @throws {@link ValidationError} for undefined, null and numbers that are none, which no record has as its id */
function isScalar(value: unknown, path: string): boolean {
  switch (typeof value) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return true;
    case 'number':
      if (Number.isFinite(value)) return true;
      throw noId(path, 'is no finite number');
    case 'undefined':
      throw noId(path, 'is undefined');
    case 'object':
      if (value === null) throw noId(path, 'is null');
      return value instanceof Date || ArrayBuffer.isView(value) || isDecimal(value);
    default:
      return false;
  }
}

function noId(path: string, what: string): ValidationError {
  return new ValidationError(
    path,
    `${what}. Give the value of the id, or the unique key with its values; conditions belong into \`findOne\`. Nothing was sent.`,
  );
}

export function isPlainObject(value: unknown): value is Arguments {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A text that is equal for ids that name the same record, whether they come from the caller or from the database, which
 * gives a bigint for a number and a `Decimal` for a text.
 */
export function idText(value: unknown, typeName: string): string {
  // Not every date can be written; what is wrong with one is Prisma's to say.
  if (value instanceof Date) return String(value.toJSON());
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  }
  const text = isDecimal(value) ? value.toFixed() : String(value);
  if (typeName === 'DateTime') return String(new Date(text).toJSON());
  return typeName === 'Decimal' && text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
