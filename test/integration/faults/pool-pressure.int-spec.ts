/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { category, FAST, FaultBench, held, NOISE_MS } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';
import { until } from '../../support/until.js';

const { acquireTimeoutMs, max } = FAST.pool;

let database: FaultDatabase;
let bench: FaultBench;

const reopen = useFaults((faults) => ({ database, bench } = faults));

/** Transactions that hold every connection until they are let go. */
async function holdAll(
  count: number,
  run: (work: () => Promise<void>) => Promise<unknown>,
): Promise<() => Promise<void>> {
  let letGo!: () => void;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  let holding = 0;
  const runs = Array.from({ length: count }, () =>
    held(
      run(async () => {
        holding += 1;
        await gate;
      }),
    ),
  );
  expect(await until(() => holding === count, 5_000)).toBe(true);
  return async () => {
    letGo();
    await Promise.all(runs.map(({ promise }) => promise));
  };
}
const holdPool = (count: number = max) =>
  holdAll(count, (work) =>
    bench.transactions.run(
      async () => {
        await bench.categories.count();
        await work();
      },
      { timeoutMs: 20_000, maxWaitMs: 5_000 },
    ),
  );

describe('a pool whose connections are all lent out', () => {
  it('row 28: refuses a caller after the limit with its figures; the naive one lets it wait for ever', async () => {
    const letGo = await holdPool();
    const naive = bench.naive({ max });
    const letNaiveGo = await holdAll(max, (work) =>
      naive.$transaction(
        async (tx) => {
          await tx.category.count();
          await work();
        },
        { timeout: 20_000, maxWait: 5_000 },
      ),
    );
    const waiting = held(naive.category.count());
    const { error, tookMs, elapsedMs } = await bench.verdict(bench.prisma.category.count(), 'POOL_TIMEOUT');
    expect(elapsedMs).toBeGreaterThanOrEqual(acquireTimeoutMs - 20);
    expect(tookMs).toBeLessThan(acquireTimeoutMs + NOISE_MS);
    expect(error).toMatchObject({
      retryable: true,
      outcome: 'not-applied',
      pool: { total: max, active: max, idle: 0, max },
    });
    expect(error.waitedMs).toBeGreaterThanOrEqual(acquireTimeoutMs - 20);
    expect(waiting.settled).toBe(false);
    await Promise.all([letGo(), letNaiveGo()]);
    await waiting.promise;
    expect(await bench.usage()).toMatchObject({ waiting: 0 });
  });

  it('row 28: serves callers in the order in which they came', async () => {
    await reopen({ pool: { ...FAST.pool, max: 1 } });
    const letGo = await holdPool(1);
    const order: number[] = [];
    const callers = Array.from({ length: 12 }, (_, index) =>
      held(bench.prisma.$queryRaw`SELECT 1`.then(() => order.push(index))),
    );
    await letGo();
    await Promise.all(callers.map(({ promise }) => promise));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  it('row 29: survives a storm of transactions; what fails is typed, and none stays open', async () => {
    await reopen({ pool: { ...FAST.pool, max: 2 } });
    const storm = Array.from({ length: 500 }, async (_, index) => {
      try {
        await bench.transactions.run(() => bench.categories.create(category(`storm ${index}`)));
        return 'stored';
      } catch (error) {
        return bench.note(error).code;
      }
    });
    const results = await Promise.all(storm);
    const kinds = new Set(results);
    kinds.delete('stored');
    expect([...kinds].filter((kind) => kind !== 'POOL_TIMEOUT' && kind !== 'TRANSACTION_TIMEOUT')).toEqual(
      [],
    );
    await bench.recovers();
    expect((await database.sessions()).filter(({ state }) => state.startsWith('idle in'))).toEqual([]);
    expect(await database.stored()).toHaveLength(results.filter((result) => result === 'stored').length);
  }, 40_000);

  it('row 39: names the code that holds a connection too long, and closes in time all the same', async () => {
    const leaky = await FaultBench.open({
      url: database.url,
      module: { pool: { ...FAST.pool, leakThresholdMs: 200 }, shutdown: { timeoutMs: 1_000, drainMs: 0 } },
    });
    let release = () => {};
    // Awaited in an async function, as an application does it: that is what connects the stack with the borrower.
    const forgetful = async () =>
      await leaky.transactions.run(
        async () => {
          await leaky.categories.count();
          await new Promise<void>((resolve) => (release = resolve));
        },
        { timeoutMs: 60_000 },
      );
    const forgotten = held(forgetful());
    expect(await until(() => leaky.logged.some((line) => line.includes('has been held')), 5_000)).toBe(true);
    expect(leaky.logged.join('\n')).toContain('pool-pressure.int-spec');
    const started = performance.now();
    await leaky.closeClients();
    expect(performance.now() - started).toBeLessThan(1_000 + NOISE_MS);
    release();
    await leaky.failure(forgotten.promise);
    await leaky.proxy.close();
  });
});

describe('a pool on a server that gives it few sessions', () => {
  it('row 32: has typed failures while a role may have one session only, and heals alone', async () => {
    await bench.prisma.category.count();
    await database.query(`ALTER ROLE ${database.role} CONNECTION LIMIT 1`);
    try {
      const results = await Promise.all(
        Array.from({ length: 4 }, () =>
          bench.prisma.$queryRaw`SELECT pg_sleep(0.05)::text`.then(
            () => 'ok',
            (error: unknown) => bench.note(error).code,
          ),
        ),
      );
      expect(results).toContain('ok');
      expect(
        results.filter((result) => !['ok', 'RESOURCE', 'UNAVAILABLE', 'POOL_TIMEOUT'].includes(result)),
      ).toEqual([]);
    } finally {
      await database.query(`ALTER ROLE ${database.role} CONNECTION LIMIT -1`);
    }
    await bench.recovers();
  });
});

describe('statements that the server refuses', () => {
  it('row 40: cost no connection, however many; the naive setup loses one for each', async () => {
    await Promise.all(Array.from({ length: 4 }, () => bench.prisma.category.count()));
    await bench.prisma.category.create(category('taken'));
    const before = bench.proxy.acceptedConnections;
    for (let batch = 0; batch < 50; batch++) {
      const duplicates = Array.from({ length: 20 }, () =>
        bench.verdict(bench.prisma.category.create(category('taken')), 'UNIQUE_VIOLATION'),
      );
      await Promise.all(duplicates);
    }
    expect(bench.proxy.acceptedConnections - before).toBeLessThanOrEqual(5);

    const naive = bench.naive({ max: 4 });
    const naiveBefore = bench.proxy.acceptedConnections;
    for (let duplicate = 0; duplicate < 20; duplicate++)
      await bench.failure(naive.category.create(category('taken')));
    expect(bench.proxy.acceptedConnections - naiveBefore).toBeGreaterThanOrEqual(19);
  }, 30_000);
});

describe('a table that somebody else has locked', () => {
  it('row 35: fails its callers after the limit for locks and leaves those of other tables alone', async () => {
    const started = performance.now();
    const lock = held(
      database
        .query(`BEGIN; LOCK TABLE category; SELECT pg_sleep(2.5); COMMIT`)
        .then(() => performance.now() - started),
    );
    await until(async () => {
      const locks =
        "SELECT 1 FROM pg_locks WHERE relation = 'category'::regclass AND mode = 'AccessExclusiveLock' AND granted";
      return (await database.query(locks)).length > 0;
    }, 2_000);
    const naive = held(bench.naive().category.count());
    const blocked = Array.from({ length: 3 }, () =>
      bench.verdict(bench.prisma.category.count(), 'LOCK_TIMEOUT'),
    );
    expect(await bench.prisma.customer.count()).toBe(0);
    for (const { error, tookMs } of await Promise.all(blocked)) {
      expect(error).toMatchObject({ retryable: true, outcome: 'not-applied' });
      expect(tookMs).toBeLessThan(FAST.timeouts.lockMs + NOISE_MS);
    }
    // Naive: it waits for as long as the other one likes.
    if (!lock.settled) expect(naive.settled).toBe(false);
    await lock.promise;
    await naive.promise;
  });
});

describe('a process that may open no more files', () => {
  /** Lets this process have `spare` files more than it has; the result lifts that again. */
  async function limitFiles(spare: number): Promise<() => Promise<void>> {
    const [, soft = '', hard = ''] =
      /Max open files\s+(\d+)\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    const set = (files: number | string) => `prlimit --pid ${process.pid} --nofile=${files}:${hard}`;
    // It waits for a line to undo it: once the limit is reached, no process could be started for that.
    const limiter = spawn('sh', [
      '-c',
      `read count && ${set('$count')} && echo limited && read end; ${set(soft)}`,
    ]);
    const exit = once(limiter, 'exit');
    limiter.stdin.write(`${lowestLimit(spare)}\n`);
    await once(limiter.stdout, 'data');
    return async () => {
      limiter.stdin.end('end\n');
      await exit;
    };
  }

  /** The limit is one for the number of a file, and the lowest free number is taken. */
  function lowestLimit(spare: number): number {
    const open = new Set(readdirSync('/proc/self/fd').map(Number));
    let limit = 0;
    for (let free = 0; free <= spare; limit++) if (!open.has(limit)) free += 1;
    return limit - 1;
  }

  it('row 97: fails with typed errors and recovers', async () => {
    const direct = await FaultBench.open({ url: database.url, direct: true });
    await database.terminateSessions();
    // A file that is closed later would leave its number to a connection.
    expect(await until(async () => (await database.sessions()).length === 0, 5_000)).toBe(true);
    await bench.isDisconnected();
    const lift = await limitFiles(1);
    let codes: string[];
    try {
      const calls = Array.from({ length: 8 }, () =>
        direct.prisma.$queryRaw`SELECT pg_sleep(0.1)::text`.then(
          () => 'ok',
          (error: unknown) => direct.note(error).code,
        ),
      );
      codes = await Promise.all(calls);
    } finally {
      await lift();
    }
    expect(
      codes.filter((code) => !['ok', 'UNAVAILABLE', 'POOL_TIMEOUT', 'CONNECTION_LOST'].includes(code)),
    ).toEqual([]);
    expect(codes.filter((code) => code !== 'ok').length).toBeGreaterThan(0);
    await direct.close(database);
  });
});
