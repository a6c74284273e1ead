import { NotSerializableError } from './json.errors.js';

/**
 * A value that `JSON.stringify` writes as it is.
 *
 * @public
 */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Deeper than any result of a query; what is deeper came about by mistake or by malice. */
const MAX_DEPTH = 100;

/**
 * A copy of the value that `JSON.stringify` can write, by the same rules as that one's, and one form for each of the
 * types in which a database answers:
 *
 * - `bigint`: text, always, as a number beyond 2^53 would arrive as another one
 * - `Decimal`: text, with all its digits
 * - `Date`: text in ISO 8601, UTC
 * - bytes: text in base64
 *
 * A `toJSON` of the value's own is followed, and what it returns is converted in its turn. No prototype is changed.
 *
 * @returns undefined where JSON has no place for the value: `undefined`, a function, a symbol
 * @throws {@link NotSerializableError} which names the path, when the value contains itself or is more than 100 levels deep
 *
 * @public
 */
export function toJson(value: unknown): JsonValue | undefined {
  return convert(value, '', [], new Set());
}

type Path = (string | number)[];

function convert(given: unknown, key: string, path: Path, above: Set<object>): JsonValue | undefined {
  const value = given instanceof Uint8Array ? base64(given) : unbox(ownForm(given, key));
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return value.toString();
    case 'object':
      break;
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined;
  }
  if (value === null) return null;
  // What a `toJSON` returned may be bytes as well.
  if (value instanceof Uint8Array) return base64(value);
  if (above.has(value))
    throw new NotSerializableError(textOf(path), 'leads back to an object it is a part of.');
  if (path.length >= MAX_DEPTH)
    throw new NotSerializableError(textOf(path), `is more than ${MAX_DEPTH} levels deep.`);
  above.add(value);
  const copy = Array.isArray(value) ? copyList(value, path, above) : copyRecord(value, path, above);
  above.delete(value);
  return copy;
}

function copyList(list: readonly unknown[], path: Path, above: Set<object>): JsonValue {
  return Array.from(list, (each, index) => within(each, index, path, above) ?? null);
}

function copyRecord(record: object, path: Path, above: Set<object>): JsonValue {
  const entries: [string, JsonValue][] = [];
  for (const key of Object.keys(record)) {
    const copy = within((record as Readonly<Record<string, unknown>>)[key], key, path, above);
    if (copy !== undefined) entries.push([key, copy]);
  }
  // Defines each key, so that one called `__proto__` stays an entry.
  return Object.fromEntries(entries);
}

function within(value: unknown, key: string | number, path: Path, above: Set<object>): JsonValue | undefined {
  path.push(key);
  const copy = convert(value, String(key), path, above);
  path.pop();
  return copy;
}

function ownForm(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value)) return value;
  return typeof value.toJSON === 'function' ? (value as { toJSON(key: string): unknown }).toJSON(key) : value;
}

/** `new Number(1)` and its like, as `JSON.stringify` reads them. */
function unbox(value: unknown): unknown {
  const isBoxed =
    value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt;
  return isBoxed ? value.valueOf() : value;
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function textOf(path: Path): string {
  const text = path.join('.');
  return text === '' ? 'value' : text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
