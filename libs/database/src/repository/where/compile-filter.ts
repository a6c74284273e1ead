import type { ModelColumn } from '../../query/model-table.js';
import { isPlainObject } from '../record-id.js';
import { allOf, ALWAYS, NEVER, not, type Condition } from './condition.js';
import { isText, valueReader } from './value-reader.js';

/** One column in the text of the statement, and how its filters are read. */
interface Subject {
  readonly name: string;
  readonly read: NonNullable<ReturnType<typeof valueReader>>;
  readonly column: ModelColumn;
  readonly isInsensitive: boolean;
}

type Operator = (subject: Subject, value: unknown) => Condition | undefined;

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['equals', equals],
  ['not', isNot],
  ['in', (subject, list) => isIn(subject, list)],
  ['notIn', (subject, list) => isIn(subject, list, 'NOT ')],
  ['lt', comparison('<')],
  ['lte', comparison('<=')],
  ['gt', comparison('>')],
  ['gte', comparison('>=')],
  ['contains', pattern('%', '%')],
  ['startsWith', pattern('', '%')],
  ['endsWith', pattern('%', '')],
] satisfies [string, Operator][]);

const UNORDERED = new Set(['Boolean', 'Bytes']);

/** What Prisma makes of the filter of one field, as SQL; undefined for one that only Prisma can judge. */
export function compileFilter(column: ModelColumn, name: string, filter: unknown): Condition | undefined {
  const read = valueReader(column);
  if (read === undefined) return undefined;
  const subject = { name, read, column, isInsensitive: false };
  return isPlainObject(filter) ? compileOperators(subject, filter) : equals(subject, filter);
}

function compileOperators(
  subject: Subject,
  { mode, ...filter }: Readonly<Record<string, unknown>>,
): Condition | undefined {
  if (mode !== undefined && (!isText(subject.column) || (mode !== 'insensitive' && mode !== 'default'))) {
    return undefined;
  }
  const moded = mode === undefined ? subject : { ...subject, isInsensitive: mode === 'insensitive' };
  const conditions = Object.entries(filter).map(([operator, value]) =>
    OPERATORS.get(operator)?.(moded, value),
  );
  return conditions.every((condition) => condition !== undefined) ? allOf(conditions) : undefined;
}

function equals({ name, read, isInsensitive }: Subject, value: unknown): Condition | undefined {
  if (value === null) return () => `${name} IS NULL`;
  const taken = read(value);
  if (taken === undefined) return undefined;
  // Prisma compares with ILIKE, where % and _ stand for other characters as well.
  const operator = isInsensitive ? 'ILIKE' : '=';
  return (parameters) => `${name} ${operator} ${parameters.add(taken.value)}`;
}

function isNot(subject: Subject, value: unknown): Condition | undefined {
  if (value === null) return () => `${subject.name} IS NOT NULL`;
  // To Prisma the opposite of no condition is no condition.
  if (isPlainObject(value) && Object.keys(value).length === 0) return undefined;
  const condition = isPlainObject(value) ? compileOperators(subject, value) : equals(subject, value);
  return condition && not(condition);
}

function isIn({ name, read, isInsensitive }: Subject, list: unknown, negation = ''): Condition | undefined {
  if (!Array.isArray(list) || isInsensitive) return undefined;
  if (list.length === 0) return negation === '' ? NEVER : ALWAYS;
  const values = list.map((value) => (value === null ? undefined : read(value)));
  if (!values.every((value) => value !== undefined)) return undefined;
  return (parameters) => {
    const places = parameters.add(values.map(({ value }) => value));
    return negation === '' ? `${name} = ANY(${places})` : `${name} <> ALL(${places})`;
  };
}

function comparison(operator: string): Operator {
  return ({ name, read, column, isInsensitive }, value) => {
    if (isInsensitive || column.kind === 'enum' || UNORDERED.has(column.type)) return undefined;
    const taken = value === null ? undefined : read(value);
    return taken && ((parameters) => `${name} ${operator} ${parameters.add(taken.value)}`);
  };
}

/** Prisma puts the text into the pattern as it is: a % or _ in it stands for other characters. */
function pattern(before: string, after: string): Operator {
  return ({ name, column, isInsensitive }, value) => {
    if (!isText(column) || typeof value !== 'string' || value.includes('\0')) return undefined;
    const operator = isInsensitive ? 'ILIKE' : 'LIKE';
    return (parameters) => `${name} ${operator} ${parameters.add(before + value + after)}`;
  };
}
