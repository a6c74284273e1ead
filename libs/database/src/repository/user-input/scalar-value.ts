import type { FieldShape, SchemaShape } from '../../client/schema-shape.js';
import { readDate } from '../date-text.js';
import { INT2, INT4, INT8, OID, type IntegerRange } from '../integer-ranges.js';

/** How a value that a user sent is read. */
export interface ScalarRule {
  readonly type: ScalarType;
  readonly min?: bigint;
  readonly max?: bigint;
  /** Of an enum. */
  readonly values?: readonly string[];
  /** Of a text, in characters. */
  readonly maxLength?: number;
}
export type ScalarType =
  'int' | 'bigint' | 'float' | 'decimal' | 'boolean' | 'datetime' | 'date' | 'enum' | 'uuid' | 'text';

/** The value as Prisma takes it, or what is wrong with it. */
export type Reading = { readonly value: unknown } | { readonly problem: string };

const NATIVE_INTEGERS: Readonly<Record<string, IntegerRange>> = { SmallInt: INT2, Oid: OID };
/** Texts in the database that take any characters. */
const TEXT_TYPES = new Set([undefined, 'Text', 'VarChar', 'Char', 'Citext']);

/** The rule for a field; undefined where its values cannot come from users: lists, JSON, bytes, special types. */
export function scalarRuleOf(
  field: FieldShape,
  schema: SchemaShape,
  maxLength: number,
): ScalarRule | undefined {
  const { kind, type, isList, nativeType } = field;
  if (isList) return undefined;
  if (kind === 'enum') return { type: 'enum', values: schema.enums.get(type) ?? [] };
  if (kind !== 'scalar') return undefined;
  switch (type) {
    case 'Int':
      return { type: 'int', ...(NATIVE_INTEGERS[nativeType ?? ''] ?? INT4) };
    case 'BigInt':
      return { type: 'bigint', ...INT8 };
    case 'Float':
      return { type: 'float' };
    case 'Decimal':
      return nativeType === 'Money' ? undefined : { type: 'decimal' };
    case 'Boolean':
      return { type: 'boolean' };
    case 'DateTime':
      if (nativeType === 'Time' || nativeType === 'Timetz') return undefined;
      return { type: nativeType === 'Date' ? 'date' : 'datetime' };
    case 'String':
      if (nativeType === 'Uuid') return { type: 'uuid' };
      return TEXT_TYPES.has(nativeType) ? { type: 'text', maxLength } : undefined;
    default:
      return undefined;
  }
}

const INTEGER = /^-?\d{1,19}$/;
const DECIMAL = /^-?\d{1,100}(\.\d{1,100})?$/;
const FLOAT = /^-?\d{1,308}(\.\d{1,308})?([eE][+-]?\d{1,3})?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads the text of a query parameter. */
export function readText(text: string, rule: ScalarRule): Reading {
  switch (rule.type) {
    case 'int':
    case 'bigint':
      return readInteger(text, rule);
    case 'float': {
      const value = FLOAT.test(text) ? Number(text) : Number.NaN;
      return Number.isFinite(value) ? { value } : wrong('is no number.');
    }
    case 'decimal':
      // As text, so that Prisma keeps every digit.
      return DECIMAL.test(text) ? { value: text } : wrong('is no decimal number such as 12.50.');
    case 'boolean':
      if (text === 'true' || text === 'false') return { value: text === 'true' };
      return wrong('is neither true nor false.');
    case 'datetime':
    case 'date':
      return readDate(text, rule.type);
    case 'enum':
      if (rule.values?.includes(text) === true) return { value: text };
      return wrong(`is none of: ${rule.values?.join(', ')}.`);
    case 'uuid':
      return UUID.test(text) ? { value: text } : wrong('is no UUID.');
    case 'text':
      return readPlainText(text, rule.maxLength ?? Infinity);
  }
}

/** Reads a value of a JSON body: numbers and booleans as such, the types that JSON lacks as text. */
export function readJson(value: unknown, rule: ScalarRule): Reading {
  switch (rule.type) {
    case 'int':
      return isInteger(value) ? readInteger(String(value), rule) : wrong('is no integer.');
    case 'float':
      return typeof value === 'number' && Number.isFinite(value) ? { value } : wrong('is no number.');
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrong('is neither true nor false.');
    case 'bigint':
    case 'decimal':
      if (typeof value === 'number' || typeof value === 'bigint') return readNumber(value, rule);
      break;
    case 'datetime':
    case 'date':
    case 'enum':
    case 'uuid':
    case 'text':
      break;
  }
  return typeof value === 'string' ? readText(value, rule) : wrong(`is no ${NAMES[rule.type]}.`);
}

const NAMES: Readonly<Record<ScalarType, string>> = {
  int: 'integer',
  bigint: 'integer',
  float: 'number',
  decimal: 'decimal number',
  boolean: 'boolean',
  datetime: 'date',
  date: 'date',
  enum: 'text',
  uuid: 'UUID',
  text: 'text',
};

function readNumber(value: number | bigint, rule: ScalarRule): Reading {
  // A larger number has lost digits on its way through JSON already.
  if (rule.type === 'bigint' && typeof value === 'number' && !isInteger(value))
    return wrong('is no integer, or beyond 2^53, where it has to be given as text.');
  return readText(String(value), rule);
}

function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function readInteger(text: string, { type, min = 0n, max = 0n }: ScalarRule): Reading {
  if (!INTEGER.test(text)) return wrong('is no integer.');
  const value = BigInt(text);
  if (value < min || value > max) return wrong(`is out of range, expected an integer in [${min}, ${max}].`);
  return { value: type === 'bigint' ? value : Number(value) };
}

/** Without a zone a time would mean another moment on every server, so one has to be given. */
function readPlainText(text: string, maxLength: number): Reading {
  // Counted as PostgreSQL counts, where it could matter.
  if (text.length > maxLength && (text.length > 2 * maxLength || Array.from(text).length > maxLength))
    return wrong(`has more than ${maxLength} characters.`);
  // PostgreSQL has no form for either in a text.
  if (text.includes('\0')) return wrong('contains the character NUL.');
  if (/\p{Surrogate}/u.test(text)) return wrong('contains half of a surrogate pair.');
  return { value: text };
}

function wrong(problem: string): Reading {
  return { problem };
}
