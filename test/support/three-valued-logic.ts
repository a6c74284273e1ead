import { Decimal } from '@prisma/client/runtime/client';
import fc from 'fast-check';
import type { EntryRow } from './page-rows.js';

/** What SQL makes of a condition: null is unknown. */
export type Truth = boolean | null;

type Field = 'score' | 'big' | 'amount' | 'title' | 'flag' | 'level' | 'day';
type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A condition on the table `entry`, of which SQL, Prisma's `where` and the judge below are three readings. */
export type Predicate =
  | { readonly op: Comparison; readonly field: Field; readonly value: unknown }
  | { readonly op: 'in' | 'not in'; readonly field: Field; readonly values: readonly unknown[] }
  | { readonly op: 'like' | 'not like'; readonly field: 'title'; readonly pattern: string }
  | { readonly op: 'contains' | 'startsWith' | 'endsWith'; readonly field: 'title'; readonly text: string }
  | { readonly op: 'between'; readonly field: Field; readonly low: unknown; readonly high: unknown }
  | { readonly op: 'is null' | 'is not null'; readonly field: Field }
  | { readonly op: 'and' | 'or'; readonly parts: readonly Predicate[] }
  | { readonly op: 'not'; readonly part: Predicate };

const VALUES: Readonly<Record<Exclude<Field, 'title' | 'flag' | 'level'>, fc.Arbitrary<unknown>>> = {
  score: fc.constantFrom(-2_147_483_648, -1, 0, 1, 2, 2_147_483_647),
  big: fc.constantFrom(0n, 9_007_199_254_740_992n, 9_007_199_254_740_993n, 2n ** 63n - 1n),
  amount: fc.constantFrom('-0.000001', '0', '0.1', '0.10', '99999999999999.999999'),
  day: fc.constantFrom('2024-02-29', '1969-12-31', '2024-03-01').map((text) => new Date(text)),
};
const TEXTS = fc.constantFrom('', 'a', 'A', 'ä', '100', '😀', "o'b");
const PATTERNS = fc.constantFrom(
  '',
  '%',
  '_',
  'a%',
  '%b%',
  '100\\%',
  '\\%',
  '___\\%',
  '%\\\\',
  'b\\_%',
  "o'_",
);
const LEVELS = fc.constantFrom('LOW', 'MIDDLE', 'HIGH');
const COMPARISONS = fc.constantFrom<Comparison[]>('=', '!=', '<', '<=', '>', '>=');
const EQUALITY = fc.constantFrom<Comparison[]>('=', '!=');
const IN = fc.constantFrom<('in' | 'not in')[]>('in', 'not in');

const ordered = fc.constantFrom<(keyof typeof VALUES)[]>('score', 'big', 'amount', 'day').chain((field) => {
  const value = VALUES[field];
  const values = fc.array(value, { maxLength: 3 });
  return fc.oneof(
    fc.record({ op: COMPARISONS, field: fc.constant(field), value }),
    fc.record({ op: IN, field: fc.constant(field), values }),
    fc.record({ op: fc.constant('between' as const), field: fc.constant(field), low: value, high: value }),
  );
});
const title = fc.constant('title' as const);
const leaf: fc.Arbitrary<Predicate> = fc.oneof(
  { arbitrary: ordered, weight: 4 },
  fc.record({ op: EQUALITY, field: title, value: TEXTS }),
  fc.record({ op: IN, field: title, values: fc.array(TEXTS, { maxLength: 3 }) }),
  fc.record({ op: fc.constantFrom('like' as const, 'not like' as const), field: title, pattern: PATTERNS }),
  fc.record({
    op: fc.constantFrom('contains' as const, 'startsWith' as const, 'endsWith' as const),
    field: title,
    text: TEXTS,
  }),
  fc.record({ op: EQUALITY, field: fc.constant('flag' as const), value: fc.boolean() }),
  fc.record({ op: EQUALITY, field: fc.constant('level' as const), value: LEVELS }),
  fc.record({
    op: fc.constantFrom('is null' as const, 'is not null' as const),
    field: fc.constantFrom<Field[]>('score', 'big', 'amount', 'title', 'flag', 'level', 'day'),
  }),
);

export const predicates: fc.Arbitrary<Predicate> = fc.letrec<{ any: Predicate; parts: Predicate[] }>(
  (tie) => ({
    parts: fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
    any: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.record({ op: fc.constantFrom('and' as const, 'or' as const), parts: tie('parts') }),
      fc.record({ op: fc.constant('not' as const), part: tie('any') }),
    ),
  }),
).any;

/** What the standard says of a row, without any SQL. */
export function judge(predicate: Predicate, row: EntryRow): Truth {
  switch (predicate.op) {
    case 'and':
      return every(predicate.parts.map((part) => judge(part, row)));
    case 'or':
      return not(every(predicate.parts.map((part) => not(judge(part, row)))));
    case 'not':
      return not(judge(predicate.part, row));
    case 'is null':
      return row[predicate.field] === null;
    case 'is not null':
      return row[predicate.field] !== null;
    default:
      break;
  }
  if (predicate.op === 'in' || predicate.op === 'not in') {
    // `= ANY` of nothing is false and `<> ALL` of nothing is true, even for NULL.
    if (predicate.values.length === 0) return predicate.op === 'not in';
  }
  const value = row[predicate.field];
  if (value === null) return null;
  const compareTo = (other: unknown) => compare(predicate.field, value, other);
  switch (predicate.op) {
    case 'in':
    case 'not in':
      return predicate.values.some((other) => compareTo(other) === 0) === (predicate.op === 'in');
    case 'between':
      return compareTo(predicate.low) >= 0 && compareTo(predicate.high) <= 0;
    case 'like':
    case 'not like':
      return isLike(value as string, predicate.pattern) === (predicate.op === 'like');
    case 'contains':
      return (value as string).includes(predicate.text);
    case 'startsWith':
      return (value as string).startsWith(predicate.text);
    case 'endsWith':
      return (value as string).endsWith(predicate.text);
    default:
      return HOLDS[predicate.op](compareTo(predicate.value));
  }
}

const HOLDS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function every(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

function compare(field: Field, one: unknown, other: unknown): number {
  if (field === 'amount') return new Decimal(one as string).comparedTo(new Decimal(other as string));
  const [left, right] = field === 'day' ? [dayOf(one), dayOf(other)] : [one, other];
  return left === right ? 0 : (left as number) < (right as number) ? -1 : 1;
}

function dayOf(value: unknown): unknown {
  return value instanceof Date ? value.toISOString().slice(0, 10) : value;
}

/** By characters, and not by the regular expression that a database would make of it. */
function isLike(text: string, pattern: string): boolean {
  const match = ([...letters]: readonly string[], [first, ...rest]: readonly string[]): boolean => {
    if (first === undefined) return letters.length === 0;
    if (first === '%') return letters.some((_l, at) => match(letters.slice(at), rest)) || match([], rest);
    const [letter, ...others] = letters;
    if (letter === undefined) return false;
    if (first === '_') return match(others, rest);
    const [literal, ...after] = first === '\\' ? rest : [first, ...rest];
    return letter === literal && match(others, after);
  };
  return match([...text], [...pattern]);
}

/** The opposite without a NOT, by the laws of De Morgan, which hold for unknown as well. */
export function negated(predicate: Predicate): Predicate {
  switch (predicate.op) {
    case 'not':
      return predicate.part;
    case 'and':
    case 'or':
      return { op: predicate.op === 'and' ? 'or' : 'and', parts: predicate.parts.map(negated) };
    case 'between': {
      const { field, low, high } = predicate;
      const parts: Predicate[] = [
        { op: '<', field, value: low },
        { op: '>', field, value: high },
      ];
      return { op: 'or', parts };
    }
    case 'contains':
      return { op: 'not like', field: 'title', pattern: `%${predicate.text}%` };
    case 'startsWith':
      return { op: 'not like', field: 'title', pattern: `${predicate.text}%` };
    case 'endsWith':
      return { op: 'not like', field: 'title', pattern: `%${predicate.text}` };
    default:
      return { ...predicate, op: OPPOSITES[predicate.op] } as Predicate;
  }
}

const OPPOSITES = {
  ...{ '=': '!=', '!=': '=', '<': '>=', '<=': '>', '>': '<=', '>=': '<' },
  ...{ in: 'not in', 'not in': 'in', like: 'not like', 'not like': 'like' },
  ...{ 'is null': 'is not null', 'is not null': 'is null' },
} as const;

const FILTERS: Readonly<Record<string, string>> = {
  ...{
    '=': 'equals',
    '!=': 'not',
    '<': 'lt',
    '<=': 'lte',
    '>': 'gt',
    '>=': 'gte',
    in: 'in',
    'not in': 'notIn',
  },
};

/** In Prisma's language; undefined where that has no word for it. */
export function asWhere(predicate: Predicate): Record<string, unknown> | undefined {
  switch (predicate.op) {
    case 'not': {
      const part = asWhere(predicate.part);
      return part && { NOT: part };
    }
    case 'and':
    case 'or': {
      const parts = predicate.parts.map(asWhere);
      return parts.includes(undefined) ? undefined : { [predicate.op.toUpperCase()]: parts };
    }
    case 'is null':
      return { [predicate.field]: null };
    case 'is not null':
      return { [predicate.field]: { not: null } };
    case 'between':
      return { [predicate.field]: { gte: predicate.low, lte: predicate.high } };
    case 'like':
    case 'not like':
      return undefined;
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return { title: { [predicate.op]: predicate.text } };
    case 'in':
    case 'not in':
      return { [predicate.field]: { [FILTERS[predicate.op] ?? '']: predicate.values } };
    default:
      return { [predicate.field]: { [FILTERS[predicate.op] ?? '']: predicate.value } };
  }
}

/** The verbs of the query builder, as far as they are needed here. */
export interface Verbs {
  where(...condition: readonly unknown[]): Verbs;
  orWhere(...condition: readonly unknown[]): Verbs;
  whereBetween(column: string, low: unknown, high: unknown): Verbs;
}

/** By the verbs of the query builder, which has no word for NOT. */
export function addTo<Query extends Verbs>(query: Query, predicate: Predicate): Verbs {
  switch (predicate.op) {
    case 'not':
      return addTo(query, negated(predicate.part));
    case 'and':
    case 'or':
      return query.where((group: Verbs) => chain(group, predicate));
    case 'is null':
      return query.where(predicate.field, 'is', null);
    case 'is not null':
      return query.where(predicate.field, 'is not', null);
    case 'in':
    case 'not in':
      return query.where(predicate.field, predicate.op, predicate.values);
    case 'between':
      return query.whereBetween(predicate.field, predicate.low, predicate.high);
    case 'like':
    case 'not like':
      return query.where('title', predicate.op, predicate.pattern);
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return query.where('title', predicate.op, predicate.text);
    default:
      return query.where(predicate.field, predicate.op, predicate.value);
  }
}

/** From the left to the right without groups, as far as the first parts go: `(a or b) and c` is where, orWhere, where. */
function chain(empty: Verbs, { op, parts }: Extract<Predicate, { op: 'and' | 'or' }>): Verbs {
  return parts.reduce((built, part, index) => {
    if (index === 0 && (part.op === 'and' || part.op === 'or')) return chain(built, part);
    if (index === 0 || op === 'and') return addTo(built, part);
    return built.orWhere((inner: Verbs) => addTo(inner, part));
  }, empty);
}
