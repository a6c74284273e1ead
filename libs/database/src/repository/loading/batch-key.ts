import { ValidationError } from '../../errors/validation.error.js';
import type { Arguments } from '../defined-filters.js';
import { isPlainObject } from '../record-id.js';
import type { RepositoryContext } from '../repository-context.js';

/** What names one record, or the records of one owner: fields and their values, and a text that is equal for equal keys. */
export interface BatchKey {
  readonly fields: readonly string[];
  readonly values: readonly unknown[];
  readonly text: string;
}

/** The fields of the model as Prisma's delegate describes them. */
type Fields = RepositoryContext['fields'];

interface KeyType {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
  readonly toText: (value: unknown) => string;
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
    toText: String,
  },
  BigInt: {
    accepts: (value) =>
      Number.isSafeInteger(value) || (typeof value === 'bigint' && value <= INT8_MAX && value >= -INT8_MAX),
    expected: 'a bigint of 64 bits',
    toText: String,
  },
  String: {
    accepts: (value) => typeof value === 'string' && !value.includes('\0'),
    expected: 'a text without NUL characters',
    toText: String,
  },
  Boolean: { accepts: (value) => typeof value === 'boolean', expected: 'true or false', toText: String },
  Bytes: {
    accepts: (value) => value instanceof Uint8Array,
    expected: 'a Uint8Array',
    toText: (value) => Buffer.from(value as Uint8Array).toString('base64'),
  },
};
const ENUM: KeyType = {
  accepts: (value) => typeof value === 'string',
  expected: 'a name of the enum',
  toText: String,
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
  const texts: string[] = [];
  for (const [name, value] of entries) {
    const type = keyType(fields[name]);
    if (type === undefined) return undefined;
    if (!type.accepts(value)) throw new ValidationError(prefix + name, `is not ${type.expected}.`);
    texts.push(type.toText(value));
  }
  return {
    fields: entries.map(([name]) => name),
    values: entries.map(([, value]) => value),
    text: joinTexts(texts),
  };
}

/** The text of the key that a record has; undefined where a value has another type than the field, or is missing. */
export function keyTextOf(record: Arguments, fields: readonly string[], types: Fields): string | undefined {
  const texts: string[] = [];
  for (const field of fields) {
    const type = keyType(types[field]);
    if (type?.accepts(record[field]) !== true) return undefined;
    texts.push(type.toText(record[field]));
  }
  return joinTexts(texts);
}

/**
 * Equal for all texts that some type or collation of PostgreSQL may take for equal: citext, char(n), uuid,
 * nondeterministic collations. The other way round it says nothing.
 */
export function looseText(text: string): string {
  const folded = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trimEnd();
  return /^[0-9a-f{}-]{32,40}$/.test(folded) ? folded.replace(/[-{}]/g, '') : folded;
}

function keyType(field: Fields[string] | undefined): KeyType | undefined {
  if (field === undefined || field.isList === true) return undefined;
  return KEY_TYPES[field.typeName] ?? (field.isEnum === true ? ENUM : undefined);
}

function joinTexts(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? '') : JSON.stringify(texts);
}
