import type { ModelColumn } from '../../query/model-table.js';
import { isDecimal } from '../decimal-value.js';
import { INT2, INT4, INT8, isWithin, type IntegerRange } from '../integer-ranges.js';
import { baseType } from './base-type.js';

/** A value as a parameter; undefined for one that only Prisma can judge. */
type Reader = (value: unknown) => { readonly value: unknown } | undefined;

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
/** What `toISOString` writes; other forms of ISO 8601 have rules of Prisma's own. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DECIMAL = /^-?\d{1,1000}(\.\d{1,1000})?$/;

const taken = (value: unknown) => ({ value });
const ifTrue = (condition: boolean, value: unknown) => (condition ? { value } : undefined);

const isIntegerOf = (range: IntegerRange, value: unknown) =>
  Number.isInteger(value) && isWithin(range, value as number);

const READERS: Readonly<Record<string, Reader>> = {
  String: (value) => ifTrue(typeof value === 'string' && !value.includes('\0'), value),
  Boolean: (value) => ifTrue(typeof value === 'boolean', value),
  Int: (value) => ifTrue(isIntegerOf(INT4, value), value),
  BigInt: (value) => {
    if (typeof value === 'number') return ifTrue(Number.isSafeInteger(value), value);
    return ifTrue(typeof value === 'bigint' && isWithin(INT8, value), value);
  },
  Float: (value) => ifTrue(Number.isFinite(value), value),
  Decimal: readDecimal,
  DateTime: readDate,
  Bytes: (value) => ifTrue(value instanceof Uint8Array, value),
};

/** The SQL types whose comparison with a parameter is the same as Prisma's, for the types of Prisma. */
const SQL_TYPES: Readonly<Record<string, readonly string[]>> = {
  String: ['text', 'character varying', 'character', 'uuid'],
  Boolean: ['boolean'],
  Int: ['integer', 'smallint'],
  BigInt: ['bigint'],
  Float: ['double precision'],
  Decimal: ['numeric'],
  DateTime: ['timestamp without time zone', 'timestamp with time zone', 'date'],
  Bytes: ['bytea'],
};

/** Reads the values that a column is compared with; undefined for a column whose filters only Prisma understands. */
export function valueReader({
  kind,
  type,
  isList,
  hasMappedValues,
  sqlType,
}: ModelColumn): Reader | undefined {
  if (isList || hasMappedValues) return undefined;
  if (kind === 'enum') return readEnum;
  const base = baseType(sqlType);
  if (kind !== 'scalar' || !SQL_TYPES[type]?.includes(base)) return undefined;
  if (base === 'uuid') return (value) => ifTrue(typeof value === 'string' && UUID.test(value), value);
  if (base === 'smallint') return (value) => ifTrue(isIntegerOf(INT2, value), value);
  return READERS[type];
}

/** Whether the column can be searched with a pattern. */
export function isText({ kind, type, sqlType }: ModelColumn): boolean {
  return kind === 'scalar' && type === 'String' && ['text', 'character varying'].includes(baseType(sqlType));
}

/** A name that the enum does not have is an error of the server's as well as of Prisma's; that one is better. */
function readEnum(value: unknown): ReturnType<Reader> {
  return ifTrue(typeof value === 'string' && /^\w+$/.test(value), value);
}

function readDecimal(value: unknown): ReturnType<Reader> {
  if (typeof value === 'number') return ifTrue(Number.isFinite(value), value);
  if (typeof value === 'string') return ifTrue(DECIMAL.test(value), value);
  if (!isDecimal(value)) return undefined;
  const text = value.toFixed();
  return ifTrue(DECIMAL.test(text), text);
}

function readDate(value: unknown): ReturnType<Reader> {
  const date = typeof value === 'string' && TIMESTAMP.test(value) ? new Date(value) : value;
  if (!(date instanceof Date)) return undefined;
  const year = date.getUTCFullYear();
  // Outside of these years, and for an invalid date, texts differ.
  return year >= 1000 && year <= 9999 ? taken(date) : undefined;
}
