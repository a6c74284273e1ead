import fc from 'fast-check';

type Filters = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const TEXT = fc.constantFrom('', 'a', 'A', 'ä', 'b_%', '%', '_', 'b', 'z\\', '😀', "o'b", '100');

/** Values of each field, null aside, as Prisma takes them. */
const values: Filters = {
  id: fc.bigInt({ min: 0n, max: 40n }),
  rank: fc.integer({ min: -2, max: 2 }),
  score: fc.constantFrom(-2_147_483_648, -1, 0, 1),
  big: fc.constantFrom<unknown>(0n, 0, 9_007_199_254_740_993n, 5n),
  amount: fc.constantFrom<unknown>('-0.000001', 0, 0.1, '0.1000000001', '99999999999999.999999'),
  ratio: fc.constantFrom(-1.5, 0, 0.1, 1e300),
  title: TEXT,
  code: fc.constantFrom('a', 'ab', 'abc', 'ab '),
  nick: TEXT,
  ref: fc.constantFrom(
    '00000000-0000-0000-0000-000000000001',
    'FFFFFFFF-ffff-4fff-bfff-ffffffffffff',
    '00000000-0000-0000-0000-000000000002',
  ),
  flag: fc.boolean(),
  level: fc.constantFrom('LOW', 'MIDDLE', 'HIGH'),
  at: fc.constantFrom<unknown>(new Date('2024-02-29T23:59:59.123Z'), '1970-01-01T00:00:00.000Z', new Date(0)),
  seen: fc.constantFrom(new Date('2024-01-01T00:00:00.000Z'), new Date('2000-01-01T00:00:00Z')),
  day: fc.constantFrom(new Date('2024-02-29T00:00:00Z'), new Date('1969-12-31T00:00:00Z')),
  raw: fc.constantFrom(new Uint8Array([]), new Uint8Array([0]), new Uint8Array([255, 0])),
  shelfId: fc.constantFrom(1, 2, 3),
};
const NEVER_NULL = new Set(['id', 'rank', 'at']);
const UNORDERED = new Set(['flag', 'level', 'raw']);
const TEXTS = new Set(['title', 'nick']);

function filterOf(field: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const maybeNull = NEVER_NULL.has(field) ? value : fc.option(value, { nil: null, freq: 3 });
  const list = fc.array(value, { maxLength: 3 });
  const isText = TEXTS.has(field);
  const operators = fc.record(
    {
      equals: maybeNull,
      ...(field !== 'flag' && { in: list, notIn: list }),
      ...(!UNORDERED.has(field) && { lt: value, lte: value, gt: value, gte: value }),
      ...(isText && { contains: value, startsWith: value, endsWith: value }),
    },
    { requiredKeys: [] },
  );
  const few = operators.map((record) => Object.fromEntries(Object.entries(record).slice(0, 2)));
  const one = operators.map((record) => Object.fromEntries(Object.entries(record).slice(-1)));
  const pattern = fc.record({
    mode: fc.constantFrom('insensitive', 'default'),
    operator: fc.constantFrom('equals', 'contains', 'startsWith', 'endsWith'),
    value,
  });
  return fc.oneof(
    maybeNull,
    one,
    few,
    fc.record({ not: fc.oneof(maybeNull, one) }),
    ...(isText
      ? [
          pattern.map(({ mode, operator, value: text }) => ({ mode, [operator]: text })),
          pattern.map(({ mode, operator, value: text }) => ({ mode, not: { [operator]: text } })),
        ]
      : []),
  );
}

/** Empty ones are rare, as they are Prisma's own to judge in most places. */
const some = (where: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 19, arbitrary: fc.array(where, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant([]) },
  );

/** Conditions on the model `Entry` in Prisma's language, without relations. */
export const entryWheres: fc.Arbitrary<Record<string, unknown>> = fc.letrec((tie) => ({
  where: fc.oneof({ maxDepth: 3, withCrossShrink: true }, tie('fields'), tie('logic')),
  fields: fc.oneof(
    ...Object.entries(values).map(([field, value]) =>
      filterOf(field, value).map((filter): unknown => ({ [field]: filter })),
    ),
  ),
  logic: fc
    .record({
      keys: fc.constantFrom(['AND'], ['OR'], ['NOT'], ['AND', 'NOT'], ['OR', 'AND']),
      first: some(tie('where')),
      second: some(tie('where')),
    })
    .map(({ keys, first, second }): unknown =>
      Object.fromEntries(keys.map((key, index) => [key, index === 0 ? first : second])),
    ),
})).where as fc.Arbitrary<Record<string, unknown>>;
