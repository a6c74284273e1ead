import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { POOL_CHANNELS, type PostgresQueryEvent } from '../../../libs/database/src/postgres/pool.events.js';
import { Prisma } from '../../support/records/generated/prisma/client.js';
import { account, type Records, useRecords } from './records.js';

let records: Records;

useRecords((opened) => (records = opened));

describe('the methods of a repository', () => {
  it('finds the first in the order that is asked for, or null, or throws', async () => {
    const { settings } = records;
    await settings.createMany({ data: ['b', 'a', 'c'].map((key) => ({ key, value: key.toUpperCase() })) });
    expect(await settings.findOne({ orderBy: { key: 'desc' } })).toEqual({ key: 'c', value: 'C' });
    expect(await settings.findOne({ where: { key: 'x' } })).toBeNull();
    expect(await settings.getOne({ where: { value: 'A' }, select: { key: true } })).toEqual({ key: 'a' });
    await expect(settings.getOne({ where: { key: 'x' } })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
      model: 'setting',
      operation: 'getOne',
      key: { key: 'x' },
    });
  });

  it('creates and changes in one call', async () => {
    const { settings } = records;
    const upsert = (value: string) =>
      settings.upsert({ where: { key: 'a' }, create: { key: 'a', value }, update: { value } });
    expect(await upsert('1')).toEqual({ key: 'a', value: '1' });
    expect(await upsert('2')).toEqual({ key: 'a', value: '2' });
    expect(await settings.createMany({ data: [{ key: 'a', value: '3' }], skipDuplicates: true })).toEqual({
      count: 0,
    });
    expect(await settings.count()).toBe(1);
  });

  it('counts, groups, and says whether there is any', async () => {
    const { seats } = records;
    await seats.createMany({
      data: [
        { row: 'A', number: 1, holder: 'Ann' },
        { row: 'A', number: 2 },
        { row: 'B', number: 7 },
      ],
    });
    expect(await seats.exists({ where: { holder: 'Ann' } })).toBe(true);
    expect(await seats.exists({ where: { holder: 'Bob' } })).toBe(false);
    expect(await seats.count({ select: { _all: true, holder: true } })).toEqual({ _all: 3, holder: 1 });
    const sums = await seats.aggregate({ _sum: { number: true }, _max: { row: true }, where: { row: 'A' } });
    expect(sums).toEqual({ _sum: { number: 3 }, _max: { row: 'A' } });
    expect(
      await seats.groupBy({
        by: ['row'],
        _count: { _all: true },
        orderBy: { row: 'asc' },
        having: { row: { not: 'B' } },
      }),
    ).toEqual([{ row: 'A', _count: { _all: 2 } }]);
  });

  describe('finds by ids', () => {
    it('in their order, twice what is named twice, and null for what is not there', async () => {
      const { accounts } = records;
      const [ann, bob] = [
        await accounts.create({ data: account('Ann') }),
        await accounts.create({ data: account('Bob') }),
      ];
      const found = await accounts.findByIds([bob.id, randomUUID(), ann.id, bob.id]);
      expect(found).toEqual([bob, null, ann, bob]);
      expect(await accounts.findByIds([])).toEqual([]);
    });

    it('without the fields that nobody asked for', async () => {
      const { accounts } = records;
      const { id } = await accounts.create({ data: account('Ann') });
      expect(await accounts.findByIds([id], { select: { name: true } })).toEqual([{ name: 'Ann' }]);
      expect(await accounts.findByIds([id], { select: { id: true } })).toEqual([{ id }]);
      const [whole] = await accounts.findByIds([id], { omit: { id: true, email: true } });
      expect(Object.keys(whole ?? {})).not.toEqual(expect.arrayContaining(['id']));
      expect(whole).toMatchObject({ name: 'Ann' });
      expect(await accounts.findByIds([id], { include: { notes: true } })).toMatchObject([{ id, notes: [] }]);
    });

    it('of keys that are written in another way than the database writes them', async () => {
      const { accounts, digests } = records;
      const { id } = await accounts.create({ data: account('Ann') });
      expect(await accounts.findByIds([id.toUpperCase(), id])).toMatchObject([{ id }, { id }]);
      const bytes = Buffer.from([1, 2, 255]);
      await digests.create({ data: { id: bytes, amount: '1.5000', at: new Date(5), big: 7n } });
      expect(await digests.findByIds([new Uint8Array(bytes), Buffer.from([9])])).toMatchObject([
        { big: 7n },
        null,
      ]);
      expect(await digests.findById(bytes)).toMatchObject({ big: 7n });
      const keys: [string, unknown][] = [
        ['amount', '1.50'],
        ['amount', 1.5],
        ['amount', new Prisma.Decimal('1.5')],
        ['at', new Date(5)],
        ['at', '1970-01-01T00:00:00.005Z'],
        ['big', 7],
        ['amount', '15e-1'],
      ];
      for (const [field, value] of keys) {
        expect(await digests.findByIds([{ [field]: value } as never])).toMatchObject([{ big: 7n }]);
        expect(await digests.findById({ [field]: value } as never)).toMatchObject({ big: 7n });
      }
    });

    it('of compound and otherwise named keys', async () => {
      const { plainSeats, settings } = records;
      await plainSeats.createMany({
        data: [
          { row: 'A', number: 1 },
          { row: 'B', number: 2 },
        ],
      });
      const key = (row: string, number: number) => ({ row_number: { row, number } });
      expect(await plainSeats.getById(key('A', 1), { select: { number: true } })).toEqual({ number: 1 });
      expect(
        await plainSeats.findByIds([key('B', 2), key('A', 2), key('A', 1)], { select: { row: true } }),
      ).toEqual([{ row: 'B' }, null, { row: 'A' }]);
      await settings.create({ data: { key: 'a', value: 'A' } });
      expect(await settings.getById({ key: 'a' })).toEqual({ key: 'a', value: 'A' });
      expect(await settings.findByIds([{ key: 'b' }, { key: 'a' }])).toMatchObject([null, { value: 'A' }]);
      await expect(plainSeats.findByIds([key('A', 1), { number: 5 } as never])).rejects.toMatchObject({
        code: 'VALIDATION',
      });
    });

    it('tens of thousands of them, more than a statement takes values', async () => {
      const { notes, database } = records;
      await database.query("INSERT INTO note (text) SELECT 'n' || n FROM generate_series(1, 100) n");
      const ids = Array.from({ length: 70_000 }, (_, index) => index + 1);
      const found = await notes.findByIds(ids, { select: { text: true } });
      expect(found).toHaveLength(70_000);
      expect(found[99]).toEqual({ text: 'n100' });
      expect(found.slice(100).every((each) => each === null)).toBe(true);
    }, 30_000);

    it('in one query', async () => {
      const { notes, prisma } = records;
      await prisma.note.createMany({ data: [{ text: 'a' }, { text: 'b' }] });
      expect(await statementsOf(() => notes.findByIds([1, 2, 3, 2]))).toBe(1);
    });
  });

  describe('takes an id for a value, never for a condition, and sends nothing', () => {
    // Naive: a `where` that is made of the body of a request finds another record than the one that was meant.
    it.each<[string, unknown]>([
      ['an operator', { gt: 0 }],
      ['an operator under the name of the field', { id: { gt: 0 } }],
      ['a negation', { id: { not: 0 } }],
      ['a disjunction', { id: 1, OR: [{ id: 2 }] }],
      ['a conjunction', { AND: [] }],
      ['an unknown field', { nope: 1 }],
      ['no key', {}],
      ['a list', [1]],
      ['a list of one key', { id: [1] }],
      ['null', null],
      ['a null under the name of the field', { id: null }],
      ['not a number', Number.NaN],
      ['infinity', Number.POSITIVE_INFINITY],
      ['a function', () => 1],
      ['a symbol', Symbol('id')],
      ['a class instance', new Map([['id', 1]])],
      ['an object with toJSON', { toJSON: '1' }],
      ['a raw-looking object', { sql: '1 OR 1=1', values: [] }],
      ['a key from the prototype', { constructor: 1 }],
      ['an own __proto__', JSON.parse('{"__proto__": 1}')],
      ['half of a compound key', { row_number: { row: 'A' } }],
    ])('%s', async (_title, id) => {
      const { notes, plainSeats, prisma } = records;
      await prisma.note.createMany({ data: [{ text: 'a' }, { text: 'b' }] });
      const sent = await statementsOf(async () => {
        for (const repository of [notes, plainSeats]) {
          await expect(repository.findById(id as never)).rejects.toMatchObject({ code: 'VALIDATION' });
          await expect(repository.getById(id as never)).rejects.toMatchObject({ code: 'VALIDATION' });
          await expect(repository.findByIds([id as never])).rejects.toMatchObject({ code: 'VALIDATION' });
        }
      });
      expect(sent).toBe(0);
    });

    it('refuses ids that are no list', async () => {
      await expect(records.notes.findByIds({ length: 1, 0: 1 } as never)).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        violations: [{ path: 'ids' }],
      });
    });
  });

  describe('changes and deletes everything only where that is said in as many words', () => {
    // Naive: `deleteMany({ where: {} })` empties the table.
    it.each<[string, object, string?]>([
      ['nothing at all', {}, 'INVALID_OPTIONS'],
      ['an empty condition', { where: {} }],
      ['null', { where: null }],
      ['an empty list', { where: [] }],
      ['an empty AND', { where: { AND: [] } }],
      ['an AND of nothing', { where: { AND: [{}, { AND: {} }] } }],
      ['an OR that nothing narrows', { where: { OR: [{ key: 'a' }, {}] } }],
      ['an empty NOT', { where: { NOT: {} } }],
      ['an empty filter', { where: { key: {} } }],
      ['a notIn of nothing', { where: { key: { notIn: [] } } }],
      ['a not of nothing', { where: { key: { not: {} } } }],
      ['all: false', { all: false }, 'INVALID_OPTIONS'],
      ['all beside a condition', { all: true, where: { key: 'a' } }, 'INVALID_OPTIONS'],
      ['all beside an empty condition', { all: true, where: {} }, 'INVALID_OPTIONS'],
      ['a text for all', { all: 'true' }, 'INVALID_OPTIONS'],
      ['undefined', { where: { key: undefined } }],
      ['undefined for the condition', { where: undefined }],
    ])('%s', async (_title, args, code = 'VALIDATION') => {
      const { settings } = records;
      await settings.createMany({ data: ['a', 'b'].map((key) => ({ key, value: key })) });
      await expect(settings.updateMany({ ...args, data: { value: 'x' } } as never)).rejects.toMatchObject({
        code,
      });
      await expect(settings.deleteMany(args as never)).rejects.toMatchObject({ code });
      expect(await settings.findMany({ orderBy: { key: 'asc' } })).toEqual([
        { key: 'a', value: 'a' },
        { key: 'b', value: 'b' },
      ]);
    });

    it.each<[string, object, number]>([
      ['all: true', { all: true }, 2],
      ['a condition', { where: { key: 'a' } }, 1],
      ['a condition that all satisfy by their values', { where: { key: { not: 'x' } } }, 2],
      ['an OR of nothing, which nothing satisfies', { where: { OR: [] } }, 0],
      ['a limit', { all: true, limit: 1 }, 1],
    ])('takes %s', async (_title, args, count) => {
      const { settings } = records;
      await settings.createMany({ data: ['a', 'b'].map((key) => ({ key, value: key })) });
      expect(await settings.updateMany({ ...args, data: { value: 'x' } } as never)).toEqual({ count });
      expect(await settings.deleteMany(args as never)).toEqual({ count });
    });
  });
});

/** How many statements the connection sends while `work` runs. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  let sent = 0;
  const count = (event: unknown) => {
    if ((event as PostgresQueryEvent).connection === 'records') sent++;
  };
  subscribe(POOL_CHANNELS.query, count);
  try {
    await work();
  } finally {
    unsubscribe(POOL_CHANNELS.query, count);
  }
  return sent;
}
