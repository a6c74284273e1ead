/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { category, FAST, type FaultBench, NOISE_MS } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';

let database: FaultDatabase;
let bench: FaultBench;

const reopen = useFaults((faults) => ({ database, bench } = faults), { pool: { ...FAST.pool, max: 1 } });

describe('a statement that the server cuts off', () => {
  it('row 41: for its length is a typed failure without effect, rolls back and keeps its connection', async () => {
    const before = await bench.backend();
    const { error, tookMs } = await bench.refusal(
      bench.transactions.run(async () => {
        await bench.categories.create(category('rolled back'));
        await bench.prisma.$queryRaw`SELECT pg_sleep(30)`;
      }),
      'QUERY_TIMEOUT',
    );
    expect(tookMs).toBeLessThan(FAST.timeouts.statementMs + NOISE_MS);
    expect(error).toMatchObject({ outcome: 'not-applied' });
    expect(await database.stored()).toEqual([]);
    expect(await bench.backend()).toBe(before);
  });
});

describe('a server that does not do what it is asked', () => {
  it('row 34: because it is read-only, is told so as not worth a repetition, and is written to again later', async () => {
    await database.query(`ALTER ROLE ${database.role} SET default_transaction_read_only = on`);
    try {
      await database.terminateSessions();
      await bench.isDisconnected();
      const { error } = await bench.refusal(bench.categories.create(category('refused')), 'READ_ONLY');
      expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
      expect(await bench.categories.count()).toBe(0);
    } finally {
      await database.query(`ALTER ROLE ${database.role} RESET default_transaction_read_only`);
    }
    await database.terminateSessions();
    await bench.isDisconnected();
    await bench.categories.create(category('stored'));
    expect(await database.stored()).toEqual(['stored']);
  });

  it.each([
    [
      'a column',
      'ALTER TABLE category RENAME slug TO elsewhere',
      'ALTER TABLE category RENAME elsewhere TO slug',
    ],
    ['the table', 'ALTER TABLE category RENAME TO elsewhere', 'ALTER TABLE elsewhere RENAME TO category'],
  ])('row 42: because %s is missing, is told so as not worth a repetition', async (_, remove, restore) => {
    const before = await bench.backend();
    await database.query(remove);
    try {
      const { error } = await bench.refusal(bench.categories.findMany(), 'SCHEMA');
      expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
    } finally {
      await database.query(restore);
    }
    expect(await bench.categories.findMany()).toEqual([]);
    expect(await bench.backend()).toBe(before);
  });

  it.each([
    ['53100', 'RESOURCE', false],
    ['53200', 'RESOURCE', false],
    ['40P01', 'DEADLOCK', true],
    ['40001', 'SERIALIZATION_FAILURE', true],
    ['55P03', 'LOCK_TIMEOUT', true],
    ['25006', 'READ_ONLY', false],
    ['42P01', 'SCHEMA', false],
  ])('tells SQLSTATE %s as %s; worth a repetition: %s', async (sqlState, code, retryable) => {
    await bench.categories.count();
    const accepted = bench.proxy.acceptedConnections;
    const fault = bench.proxy.onRequest({ statement: /INSERT/ }, { do: 'fail', error: { sqlState } });
    const { error } = await bench.refusal(bench.categories.create(category('x')), code);
    expect(fault.fired).toBe(1);
    expect(error).toMatchObject({ retryable, outcome: 'not-applied' });
    expect(bench.proxy.acceptedConnections).toBe(accepted);
  });
});

describe('values that PostgreSQL cannot take', () => {
  it.each([
    ['a NUL byte', 'a\0b'],
    ['half of a surrogate pair', 'a\ud800b'],
  ])('row 44: %s in a text is refused or kept as it is, and costs no connection', async (_, name) => {
    const before = await bench.backend();
    const written = await bench.categories.create({ data: { name, slug: 'slug' } }).then(
      ({ name: stored }) => stored,
      (error: unknown) => bench.note(error).code,
    );
    // A lone surrogate has no UTF-8: Node sends U+FFFD instead, as it does everywhere.
    expect(['DATA', 'QUERY', 'VALIDATION', 'a\ufffdb']).toContain(written);
    expect(await bench.backend()).toBe(before);
  });

  it.each([
    ['read', 'SELECT $1::text || $2::text'],
    ['write', 'INSERT INTO category (name, slug) VALUES ($1, $2)'],
  ])(
    'a %s with fewer values than it has parameters is a mistake, and costs no connection',
    async (_, sql) => {
      const before = await bench.backend();
      for (const attempt of [
        () => bench.prisma.$executeRawUnsafe(sql, 'one'),
        () => bench.transactions.run(() => bench.prisma.$executeRawUnsafe(sql, 'one')),
      ]) {
        const { error } = await bench.verdict(attempt(), 'QUERY');
        expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
      }
      expect(await bench.backend()).toBe(before);
    },
  );

  it('row 44: a number that is out of range is refused, and costs no connection', async () => {
    const before = await bench.backend();
    const { error } = await bench.verdict(
      bench.prisma.$queryRaw`SELECT ${'1' + '0'.repeat(30)}::text::int`,
      'DATA',
      'QUERY',
    );
    expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
    expect(await bench.backend()).toBe(before);
  });

  it('row 45: a value of 100 MB comes whole, while others are served; longer ones, 1 GB and how long others wait are in the long form', async () => {
    await reopen({ timeouts: { ...FAST.timeouts, statementMs: 15_000 } });
    let arriving = true;
    const big = bench.prisma.$queryRaw<{ text: string }[]>`SELECT repeat('x', 100000000) AS text`.finally(
      () => (arriving = false),
    );
    let served = 0;
    while (arriving) {
      await bench.prisma.category.count();
      served += 1;
    }
    expect((await big)[0]?.text.length).toBe(100_000_000);
    expect(served).toBeGreaterThan(5);
  }, 30_000);

  it('row 45: 300 MB that are streamed in parts of 1 MB let others be served between any two parts, and are never held together', async () => {
    await reopen({ timeouts: { ...FAST.timeouts, statementMs: 15_000 } });
    const parts = bench.db.stream<{ part: string }>(
      `SELECT repeat('x', 1000000) AS part FROM generate_series(1, 300)`,
      [],
      { batchSize: 1 },
    );
    let length = 0;
    let turns = 0;
    let turnsAtLastPart = -1;
    let withoutTurn = 0;
    const keptBefore = process.memoryUsage().external + process.memoryUsage().heapUsed;
    let keptMost = 0;
    let running = true;
    const turn = () => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    turn();
    for await (const { part } of parts) {
      length += part.length;
      if (turns === turnsAtLastPart) withoutTurn += 1;
      turnsAtLastPart = turns;
      const { external, heapUsed } = process.memoryUsage();
      keptMost = Math.max(keptMost, external + heapUsed - keptBefore);
    }
    running = false;
    expect(length).toBe(300_000_000);
    expect(withoutTurn).toBe(0);
    // Garbage of parts that are read already is part of it; all of them together are 300 MB and more.
    expect(keptMost).toBeLessThan(150_000_000);
  }, 30_000);
});

describe('sessions with other defaults for values', () => {
  const SETTINGS = {
    TimeZone: 'America/New_York',
    DateStyle: 'German, DMY',
    IntervalStyle: 'iso_8601',
    bytea_output: 'escape',
    extra_float_digits: '-6',
  };
  /** What the formats of a session can spoil, written by the server itself and read through `client`. */
  const read = async (client: Pick<typeof bench.prisma, '$queryRawUnsafe'>) =>
    await client.$queryRawUnsafe(`
      SELECT '2024-03-10 07:30:00.123+00'::timestamptz AS at, '2024-03-10 07:30'::timestamp AS local,
             '2024-02-01'::date AS day, '07:30:00'::time AS time, '\\x0001ff5c'::bytea AS bytes,
             0.1::float8 + 0.2::float8 AS sum, 3.4028235e38::float4 AS real, 1e-7::numeric AS tiny,
             ARRAY['2024-02-01'::date] AS days`);

  it('are the same for the application; the naive setup reads other values', async () => {
    const expected = await read(bench.prisma);
    const name = database.database.name;
    for (const [setting, value] of Object.entries(SETTINGS))
      await database.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`);
    try {
      await database.terminateSessions();
      await bench.isDisconnected();
      expect(await read(bench.prisma)).toEqual(expected);
      const stored = await bench.prisma.customer.create({
        data: { name: 'n', email: 'e', createdAt: new Date('2024-03-10T07:30:00.123Z') },
      });
      const [row] = await database.query<{ at: string }>(
        "SELECT to_char(created_at AT TIME ZONE 'UTC', 'HH24:MI:SS.MS') AS at FROM customer",
      );
      expect(row?.at).toBe('07:30:00.123');
      expect(await bench.prisma.customer.findFirst()).toEqual(stored);

      const naive = await read(bench.naive() as never).catch((error: unknown) => error);
      expect(naive).not.toEqual(expected);
    } finally {
      for (const setting of Object.keys(SETTINGS))
        await database.query(`ALTER DATABASE ${name} RESET ${setting}`);
    }
  });
});
