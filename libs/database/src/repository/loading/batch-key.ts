import { ValidationError } from '../../errors/validation.error.js';
import type { Arguments } from '../defined-filters.js';
import { isPlainObject } from '../record-id.js';
import { keyText, type NamedKey } from '../record-keys.js';
import type { RepositoryContext } from '../repository-context.js';

/** A key that can share a statement with others. */
export interface BatchKey extends NamedKey {
  readonly fields: readonly string[];
}

/** The fields of the model as Prisma's delegate describes them. */
type Fields = RepositoryContext['fields'];

interface KeyType {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
}

const INT4_MAX = 2 ** 31 - 1;
const INT8_MAX = 2n ** 63n - 1n;

/**
 * The types whose values are equal exactly where their texts are. Numerics and dates, of which the database stores
 * another form than it was given, are not among them.
 */
const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  Int: {
    accepts: (value) => Number.isInteger(value) && Math.abs(value as number) <= INT4_MAX,
    expected: 'an integer of 32 bits',
  },
  BigInt: {
    accepts: (value) =>
      Number.isSafeInteger(value) || (typeof value === 'bigint' && value <= INT8_MAX && value >= -INT8_MAX),
    expected: 'a bigint of 64 bits',
  },
  String: {
    accepts: (value) => typeof value === 'string' && !value.includes('\0'),
    expected: 'a text without NUL characters',
  },
  Boolean: { accepts: (value) => typeof value === 'boolean', expected: 'true or false' },
  Bytes: {
    accepts: (value) => value instanceof Uint8Array,
    expected: 'a Uint8Array',
  },
};
const ENUM: KeyType = {
  accepts: (value) => typeof value === 'string',
  expected: 'a name of the enum',
};

/**
 * Reads a unique `where` as a key that can share a statement with others; undefined for one that cannot: it has further
 * conditions, or a type whose values the database may write in another way.
 *
 * @throws {@link ValidationError} for a value of the wrong type; in a batch it would fail the other callers' keys as well
 */
export function readUniqueKey(where: Arguments, fields: Fields): BatchKey | undefined {
  const entries = Object.entries(where);
  const [only] = entries;
  if (only === undefined || entries.length > 1) return undefined;
  const [name, value] = only;
  if (Object.hasOwn(fields, name) || !isPlainObject(value)) return readKey([only], fields, '');
  // In one order, however the caller wrote it.
  const parts = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return readKey(parts, fields, `${name}.`);
}

/** @throws {@link ValidationError} for a value of the wrong type */
export function readKey(
  entries: readonly (readonly [string, unknown])[],
  fields: Fields,
  prefix: string,
): BatchKey | undefined {
  for (const [name, value] of entries) {
    const type = keyType(fields[name]);
    if (type === undefined) return undefined;
    if (!type.accepts(value)) throw new ValidationError(prefix + name, `is not ${type.expected}.`);
  }
  const record = Object.fromEntries(entries);
  const names = Object.keys(record);
  return { fields: names, record, text: keyText(record, names, fields) };
}

function keyType(field: Fields[string] | undefined): KeyType | undefined {
  if (field === undefined || field.isList === true) return undefined;
  return KEY_TYPES[field.typeName] ?? (field.isEnum === true ? ENUM : undefined);
}
