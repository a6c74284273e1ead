import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Decimal } from '@prisma/client/runtime/client';
import fc from 'fast-check';
import { Prisma } from '../../support/records/generated/prisma/client.js';
import { openRecords, type Records, type SampleRepository } from './records.js';

type Row = Prisma.SampleCreateManyInput;

let records: Records;
let samples: SampleRepository;

beforeAll(async () => {
  records = await openRecords();
  ({ samples } = records);
});
beforeEach(async () => {
  await records.clear();
});
afterAll(async () => {
  await records.close();
});

/** What is stored, in PostgreSQL's own words, without what differs from call to call. */
async function stored(): Promise<readonly Record<string, string | null>[]> {
  return await records.database.query(
    `SELECT (SELECT json_object_agg(key, value ORDER BY key) FROM json_each_text(to_json(row_of_texts)) AS e(key, value)
      WHERE key NOT IN ('id', 'changed')) AS texts
     FROM (SELECT ${COLUMNS.map((column) => `"${column}"::text`).join(', ')} FROM sample) AS row_of_texts ORDER BY label`,
  );
}
const COLUMNS = Object.keys(Prisma.SampleScalarFieldEnum);

/** The rows as Prisma writes them, then as `bulkInsert` does, and what both give back. */
async function bothWays(rows: readonly Row[]) {
  await records.prisma.sample.createMany({ data: [...rows] });
  const [prismas, readByPrisma] = [await stored(), await read()];
  await records.clear();
  await samples.bulkInsert(rows);
  return { prismas, ours: await stored(), readByPrisma, readByUs: await read() };
}

async function read(): Promise<unknown> {
  return await records.prisma.sample.findMany({
    orderBy: { label: 'asc' },
    omit: { id: true, changed: true },
  });
}

const moment = fc.date({
  min: new Date('0001-01-01T00:00:00.000Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('', 'NULL', '{}', '"', '\\', '{a,"b"}', ',', ' ', "'", '\n', '\\x00', 'ä😀'),
  )
  .filter((each) => !each.includes('\0') && !/\p{Surrogate}/u.test(each));
const int = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0),
);
const bigint = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom<bigint>(-(2n ** 63n), 2n ** 63n - 1n, 0n, 2n ** 53n + 1n),
);
const decimal = fc.oneof(
  fc.constantFrom(
    ...['99999999999999999999999999999999999', '-99999999999999999999999999999999999', '0', '-0', '1e-30'],
    ...['0.000000000000000000000000000001', '99999999999999999999999999999999999.999999999999999999999999999999'],
  ),
  fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat({ max: 10 ** 9 })).map(([whole, part]) => `${whole}.${part}`),
).chain((digits) => fc.constantFrom<string | Decimal>(digits, new Decimal(digits))); // prettier-ignore
/** Prisma itself keeps no more digits, and no sign of zero (7.10); `bulkInsert` writes all of them. */
const asPrismaKeepsIt = (value: number) => Number(value.toPrecision(15)) + 0;
const double = fc
  .double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 })
  .map(asPrismaKeepsIt);
const bytes = fc.uint8Array({ maxLength: 12 }).map((each) => Uint8Array.from(each));
/** `json` keeps the form of a number, which is another one for large numbers that Prisma writes. */
const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })
  .map((value) =>
    JSON.stringify(value, (_key, each: unknown) =>
      typeof each === 'number' ? Math.round((each % 1e6) * 8) / 8 + 0 : each,
    ),
  )
  .filter((value) => value !== 'null' && !value.includes('\\u'))
  .map((value) => JSON.parse(value) as unknown);
const info = fc.oneof(json, fc.constantFrom<unknown>(Prisma.JsonNull, Prisma.DbNull));
const mood = fc.constantFrom('CALM', 'ANGRY', 'SAD');
const few = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { maxLength: 4 });
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 4 });

const fields = {
  mood,
  moods: few(mood),
  text: maybe(text),
  texts: few(text),
  code: maybe(fc.constantFrom('', 'a', 'ab ', 'äöü€')),
  bits: maybe(fc.constantFrom('0000', '1010')),
  host: maybe(fc.constantFrom('10.0.0.1', '::1', '192.168.0.0/24')),
  small: maybe(fc.constantFrom(-32_768, 0, 32_767)),
  number: maybe(int),
  numbers: few(int),
  big: maybe(bigint),
  bigs: few(bigint),
  amount: maybe(decimal),
  amounts: few(decimal),
  price: maybe(fc.constantFrom('99999999.99', '-0.01', '0.004', '0.005', 12.5)),
  ratio: maybe(fc.oneof(double, fc.constantFrom(5e-300, 1.5e308, 0))),
  real: maybe(fc.constantFrom(0.1, -1.5, 3.4028234663852886e38)),
  ratios: few(double),
  flag: maybe(fc.boolean()),
  flags: few(fc.boolean()),
  raw: maybe(bytes),
  raws: few(bytes),
  info,
  infos: few(json),
  plain: info,
  moment: maybe(moment),
  at: maybe(moment),
  moments: few(moment),
  day: maybe(moment),
  clock: maybe(moment),
  zoned: maybe(moment),
};
/** Every field may be left out, apart from the one that has to be there. */
const row = fc
  .record({ ...fields, must: fc.oneof(json, fc.constant(Prisma.JsonNull)) }, { requiredKeys: ['must'] })
  .map((each) => each as unknown as Omit<Row, 'label'>);

describe('bulkInsert, beside createMany of Prisma', () => {
  it('stores the same in PostgreSQL, and is read the same, for 400 random records of a column of each type', async () => {
    for (let run = 0; run < 8; run += 1) {
      const rows = fc
        .sample(row, { numRuns: 50, seed: run + 1 })
        .map((each, index) => ({ ...each, label: String(index).padStart(3, '0') }));
      const { prismas, ours, readByPrisma, readByUs } = await bothWays(rows);
      expect(ours).toEqual(prismas);
      expect(readByUs).toEqual(readByPrisma);
      expect(ours).toHaveLength(50);
      await records.clear();
    }
  }, 120_000);

  it('tells the null of JSON from that of the database, in both columns of JSON', async () => {
    const nulls = [Prisma.JsonNull, Prisma.DbNull, undefined];
    const rows = nulls.map((info, index) => ({
      label: String(index),
      must: Prisma.JsonNull,
      info,
      plain: info,
    }));
    const { prismas, ours } = await bothWays(rows as Row[]);
    expect(ours).toEqual(prismas);
    const kinds = await records.database.query(
      'SELECT info IS NULL AS info, plain IS NULL AS plain, jsonb_typeof(must) AS must FROM sample ORDER BY label',
    );
    expect(kinds).toEqual([
      { info: false, plain: false, must: 'null' },
      { info: true, plain: true, must: 'null' },
      { info: true, plain: true, must: 'null' },
    ]);
    await expect(samples.bulkInsert([{ label: 'x', must: Prisma.DbNull as never }])).rejects.toMatchObject({
      code: 'VALIDATION',
      path: 'rows.0.must',
    });
  });

  it('gives back under `returning` what Prisma reads', async () => {
    const rows = fc
      .sample(row, { numRuns: 50, seed: 99 })
      .map((each, index) => ({ ...each, label: String(index).padStart(3, '0') }));
    const returning = COLUMNS.filter((field) => field !== 'changed') as 'id'[];
    const result = await samples.bulkInsert(rows, { returning });
    const returned = result.records as unknown as { label: string }[];
    const expected = await records.prisma.sample.findMany({
      orderBy: { label: 'asc' },
      omit: { changed: true },
    });
    expect(returned.toSorted((one, other) => (one.label < other.label ? -1 : 1))).toEqual(expected);
  });

  it('makes ids of uuid(7) as Prisma does: of version 7, all different, with the time in front', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({ label: `l${index}`, must: 1 }));
    const before = Date.now();
    const result = await samples.bulkInsert(rows, { returning: ['id'] });
    const after = Date.now();
    const ids = result.records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(100);
    const ofPrisma = await records.prisma.sample.create({ data: { label: 'p', must: 1 } });
    for (const id of [...ids, ofPrisma.id]) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      const time = Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
      expect(time).toBeGreaterThanOrEqual(before);
      if (id !== ofPrisma.id) expect(time).toBeLessThanOrEqual(after);
    }
  });

  it.each<[string, Partial<Row>]>([
    ['a bigint beyond int8', { big: 2n ** 63n }],
    ['an integer beyond int4', { number: 2 ** 31 }],
    ['a decimal that does not fit', { price: '100000000.00' }],
    ['a text in the place of an enum', { mood: 'FURIOUS' as never }],
    ['a text that is too long', { code: 'abcde' }],
    ['bits of another length', { bits: '10101' }],
    ['a null in a list', { texts: [null as never] }],
    ['an invalid date', { at: new Date(Number.NaN) }],
  ])('refuses %s as Prisma does, and writes nothing of it', async (_title, wrong) => {
    const rows = [
      { label: 'a', must: 1 },
      { label: 'b', must: 1, ...wrong },
    ];
    await expect(records.prisma.sample.createMany({ data: rows })).rejects.toBeInstanceOf(Error);
    await expect(samples.bulkInsert(rows as never)).rejects.toMatchObject({
      code: expect.stringMatching(/^(VALIDATION|QUERY)$/),
    });
    expect(await records.prisma.sample.count()).toBe(0);
  });
});
