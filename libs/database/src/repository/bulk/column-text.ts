import { timestampText } from '../../common/timestamp-text.js';
import { readDate } from '../date-text.js';
import { isDecimal } from '../decimal-value.js';
import { isPlainObject } from '../record-id.js';
import type { ModelColumn } from '../../query/model-table.js';

/** A value that a column cannot take: a clause that continues its path. */
export class UnusableValue {
  constructor(readonly problem: string) {}
}

/** The text that PostgreSQL reads a value from; null is NULL. */
export type ColumnText = (value: unknown) => string | null | UnusableValue;

type ScalarText = (value: unknown) => string | UnusableValue;

const expected = (what: string) => new UnusableValue(`is not ${what}.`);

const SCALARS: Readonly<Record<string, ScalarText>> = {
  Int: (value) => (Number.isInteger(value) ? String(value) : expected('an integer')),
  BigInt: (value) =>
    typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : expected('a bigint'),
  // JavaScript writes -0 without its sign.
  Float: (value) =>
    typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : expected('a number'),
  Decimal: (value) => {
    const text = isDecimal(value) || typeof value === 'number' ? value.toString() : value;
    return typeof text === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$|^NaN$/i.test(text)
      ? text
      : expected('a decimal number');
  },
  Boolean: (value) => (typeof value === 'boolean' ? String(value) : expected('true or false')),
  String: textOf,
  DateTime: (value) => {
    const date = dateOf(value);
    return date instanceof Date ? timestampText(date) : date;
  },
  Bytes: (value) =>
    value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : expected('a Uint8Array'),
  Json: jsonText,
};

/** @param mapped - names of an enum in the database, where they differ */
export function columnText(column: ModelColumn, mapped: ReadonlyMap<string, string> | undefined): ColumnText {
  const scalar = scalarText(column, mapped);
  if (!column.isList) {
    return (value) =>
      value === null || (column.type === 'Json' && isNullType(value, 'DbNull')) ? null : scalar(value);
  }
  return (value) => {
    const list: unknown = isPlainObject(value) && Object.keys(value).join() === 'set' ? value.set : value;
    if (!Array.isArray(list)) return expected('a list');
    const texts: string[] = [];
    for (const each of list as unknown[]) {
      const text = scalar(each);
      if (text instanceof UnusableValue) return new UnusableValue(`holds an element that ${text.problem}`);
      texts.push(`"${text.replace(/[\\"]/g, '\\$&')}"`);
    }
    return `{${texts.join(',')}}`;
  };
}

/**
 * The type to cast the text to. Without its length or precision: a cast to `varchar(3)` would cut a longer text off, while
 * storing it in such a column is refused.
 */
export function castType({ sqlType }: ModelColumn): string {
  const bare = sqlType.replace(/\([^)]*\)/g, '');
  return bare.replace(/^character(?=$|\[)/, 'bpchar').replace(/^bit(?=$|\[)/, 'pg_catalog."bit"');
}

function scalarText(column: ModelColumn, mapped: ReadonlyMap<string, string> | undefined): ScalarText {
  if (column.kind === 'enum') {
    return (value) =>
      typeof value === 'string' ? (mapped?.get(value) ?? value) : expected('a name of the enum');
  }
  if (/^time(?:\(\d\))? with/.test(column.sqlType)) return timeText;
  return (
    SCALARS[column.type] ?? (() => expected(`a value of a type that can be written in bulk (${column.type})`))
  );
}

/** Of which Prisma takes the time of day in UTC. */
function timeText(value: unknown): string | UnusableValue {
  const date = dateOf(value);
  return date instanceof Date ? date.toISOString().slice(-13) : date;
}

function dateOf(value: unknown): Date | UnusableValue {
  if (typeof value === 'string') {
    const reading = readDate(value, 'datetime');
    return 'value' in reading ? reading.value : new UnusableValue(reading.problem);
  }
  return value instanceof Date && !Number.isNaN(value.getTime())
    ? value
    : expected('a Date, or a text in ISO 8601');
}

function textOf(value: unknown): string | UnusableValue {
  if (typeof value !== 'string') return expected('a text');
  return value.includes('\0')
    ? new UnusableValue('holds a NUL character, which PostgreSQL cannot store.')
    : value;
}

function jsonText(value: unknown): string | UnusableValue {
  if (value === null || isNullType(value, 'JsonNull')) return 'null';
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text ?? expected('a value of JSON');
  } catch {
    return expected('a value of JSON');
  }
}

/** Prisma's markers for the null of JSON and that of the database, whatever copy of the class made them. */
function isNullType(value: unknown, name: 'JsonNull' | 'DbNull'): boolean {
  if (typeof value !== 'object' || value === null || !('_getName' in value)) return false;
  return typeof value._getName === 'function' && (value as { _getName: () => unknown })._getName() === name;
}
