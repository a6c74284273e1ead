/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import {
  bandwidth,
  drop,
  encodeError,
  encodeFrame,
  latency,
  limitData,
  silence,
  slicer,
} from '../../support/fault-proxy/index.js';
import { category, FAST, type FaultBench, held, NOISE_MS } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';

const DEADLINE_MS = FAST.timeouts.statementMs + FAST.timeouts.graceMs + NOISE_MS;

let database: FaultDatabase;
let bench: FaultBench;

useFaults((faults) => ({ database, bench } = faults));

const count = () => bench.prisma.category.count();
/** Opens as many connections as the pool may have. */
const fillPool = () => Promise.all(Array.from({ length: 8 }, count));
const seed = (rows: number) =>
  database.query(
    `INSERT INTO category (name, slug) SELECT lpad(i::text, 60, 'n'), i FROM generate_series(1, ${rows}) i`,
  );

describe('packets that vanish', () => {
  it('row 15: fail the first query on an idle connection within the deadline, and the pool heals', async () => {
    const naive = bench.naive();
    await Promise.all([fillPool(), naive.category.count()]);
    const fault = bench.proxy.add(drop());
    const waiting = held(naive.category.count());
    const { error, tookMs } = await bench.verdict(count(), 'QUERY_TIMEOUT', 'CONNECTION_LOST');
    expect(tookMs).toBeLessThan(DEADLINE_MS);
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });
    // Naive: it waits until TCP gives up, which takes Linux some 15 minutes.
    expect(waiting.settled).toBe(false);
    fault.remove();
    await bench.recovers();
    await bench.failure(waiting.promise);
  });

  it.each([
    ['row 16: in both directions', undefined],
    ['row 26: of the replies only', 'toClient'],
  ] as const)(
    '%s fail all queries in flight within the deadline and take no place of the pool',
    async (_, direction) => {
      await fillPool();
      const reads = Array.from({ length: 4 }, (_value, index) =>
        held(
          bench.verdict(
            bench.prisma.$queryRaw`SELECT pg_sleep(0.3), ${index}::int`,
            'QUERY_TIMEOUT',
            'CONNECTION_LOST',
          ),
        ),
      );
      await database.isRunning('pg_sleep');
      const fault = bench.proxy.add(drop(direction));
      for (const { error, tookMs } of await Promise.all(reads.map(({ promise }) => promise))) {
        expect(tookMs).toBeLessThan(DEADLINE_MS);
        expect(error).toMatchObject({ outcome: 'not-applied' });
      }
      fault.remove();
      await bench.recovers();
      expect(await bench.usage()).toMatchObject({ waiting: 0 });
    },
  );

  it('row 26: leave the outcome of a write unknown, when its reply is among them', async () => {
    await count();
    const fault = bench.proxy.add(drop('toClient'));
    const { error, tookMs } = await bench.verdict(
      bench.prisma.category.create(category('stored')),
      'OUTCOME_UNKNOWN',
      'QUERY_TIMEOUT',
    );
    expect(tookMs).toBeLessThan(DEADLINE_MS);
    expect(error).toMatchObject({ outcome: 'unknown', retryable: false });
    expect(await database.stored()).toEqual(['stored']);
    fault.remove();
  });
});

describe('a connection that the network cuts', () => {
  it.each(['fin', 'rst'] as const)(
    'row 17: by %s while it is idle, is replaced without an error',
    async (how) => {
      await fillPool();
      bench.proxy.cut(how);
      await bench.isDisconnected();
      expect(await Promise.all([count(), count()])).toEqual([0, 0]);
    },
  );

  it('row 19: in the midst of a result gives an error, never a part of the rows', async () => {
    await seed(3_000);
    await count();
    const fault = bench.proxy.add(limitData({ bytes: 50_000, direction: 'toClient' }));
    const { error } = await bench.verdict(bench.prisma.category.findMany(), 'CONNECTION_LOST');
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });
    fault.remove();
    expect(await bench.prisma.category.findMany()).toHaveLength(3_000);
  });
});

describe('a network that is slow', () => {
  it('row 23: and delivers single bytes, changes no result', async () => {
    await seed(20);
    bench.proxy.add(slicer({ bytes: 1 }));
    const rows = await bench.transactions.run(async () => {
      await bench.categories.create(category('sliced'));
      return await bench.categories.findMany();
    });
    expect(rows).toHaveLength(21);
  });

  it.each([1, 3, 6])(
    'row 23: and stalls after byte %i of a message, changes no result',
    async (afterBytes) => {
      await seed(5);
      const fault = bench.proxy.onReply({ type: 'D' }, { do: 'stall', afterBytes });
      const reading = held(bench.prisma.category.findMany());
      await fault.happened();
      expect(reading.settled).toBe(false);
      fault.remove();
      expect(await reading.promise).toHaveLength(5);
    },
  );

  it('row 24: delays answers, and nothing is taken for dead', async () => {
    await seed(100);
    await fillPool();
    bench.proxy.add(latency({ ms: 100, jitterMs: 100 }));
    bench.proxy.add(bandwidth({ bytesPerSecond: 64_000, direction: 'toClient' }));
    const before = bench.proxy.acceptedConnections;
    const results = await Promise.all(Array.from({ length: 8 }, () => bench.prisma.category.findMany()));
    expect(results.map(({ length }) => length)).toEqual(Array.from({ length: 8 }, () => 100));
    expect(bench.proxy.acceptedConnections).toBe(before);
  });
});

describe('a server that sends nonsense', () => {
  const HUGE = encodeFrame('D', Buffer.alloc(0));
  HUGE.writeUInt32BE(0x3fff_ffff, 1);

  it.each([
    ['the answer of a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a message that no protocol knows', encodeFrame('\u0001', Buffer.from('?'))],
    ['a message of a gigabyte that never comes', HUGE],
    ['a field count that is not true', encodeFrame('D', Buffer.from([0x7f, 0xff, 0, 0]))],
    ['the start of a copy', encodeFrame('G', Buffer.from([0, 0, 0]))],
  ])('row 25: (%s) gives a typed error in bounded time, and the pool recovers', async (_, bytes) => {
    await seed(2);
    await count();
    const fault = bench.proxy.onReply({ type: 'D' }, { do: 'replace', bytes });
    const { error, tookMs } = await bench.failure(bench.prisma.category.findMany());
    expect(fault.fired).toBe(1);
    expect(tookMs).toBeLessThan(DEADLINE_MS);
    await bench.verdict(Promise.reject(error), 'CONNECTION_LOST', 'QUERY_TIMEOUT', 'QUERY');
    await bench.recovers();
    expect(await bench.prisma.category.findMany()).toHaveLength(2);
  });
});

describe('a server that takes no connections', () => {
  it('row 6: because it starts up (57P03), is unavailable and worth a repetition', async () => {
    const bytes = encodeError({
      sqlState: '57P03',
      severity: 'FATAL',
      message: 'the database system is starting up',
    });
    bench.proxy.cut('fin');
    await bench.isDisconnected();
    const fault = bench.proxy.onReply({ type: 'R' }, { do: 'replace', bytes }, { times: Infinity });
    const { error } = await bench.verdict(count(), 'UNAVAILABLE');
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });
    fault.remove();
  });

  it('row 13: because it accepts them and never answers, is unavailable within the bound', async () => {
    bench.proxy.cut('fin');
    await bench.isDisconnected();
    const fault = bench.proxy.add(silence());
    const naive = bench.naive();
    const waiting = held(naive.category.count());
    const calls = Array.from({ length: 6 }, () => bench.verdict(count(), 'UNAVAILABLE', 'POOL_TIMEOUT'));
    for (const { tookMs, error } of await Promise.all(calls)) {
      expect(tookMs).toBeLessThan(FAST.pool.acquireTimeoutMs + NOISE_MS);
      expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });
    }
    // Naive: neither connecting nor waiting for a connection has a limit.
    expect(waiting.settled).toBe(false);
    const report = await bench.prisma.checkHealth();
    expect(report.healthy).toBe(false);
    expect(report.latencyMs).toBeLessThan(1_200 + NOISE_MS);
    fault.remove();
    await bench.recovers();
    await waiting.promise.catch(() => undefined);
  });

  it('row 57: because it refuses them, is unavailable at once', async () => {
    bench.proxy.refuse();
    bench.proxy.cut('rst');
    await bench.isDisconnected();
    const { error } = await bench.verdict(count(), 'UNAVAILABLE');
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });
  });
});

describe('a process that does not run', () => {
  it('row 99: for longer than the deadline takes no server for dead, as the answer is there when it runs again', async () => {
    await count();
    const writing = held(
      bench.transactions.run(async () => {
        await bench.categories.create(category('kept'));
        await bench.prisma.$queryRaw`SELECT pg_sleep(0.2)::text`;
      }),
    );
    await database.isRunning('pg_sleep');
    const { statementMs, graceMs } = FAST.timeouts;
    // Just before the loop looks at its timers: they come before the answer that has arrived meanwhile.
    await turn();
    const end = performance.now() + statementMs + graceMs + 500;
    while (performance.now() < end) void 0;
    await writing.promise;
    expect(await database.stored()).toEqual(['kept']);
  });
});
