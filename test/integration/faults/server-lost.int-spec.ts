/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { category, FAST, FaultBench, held, NOISE_MS, RECOVERY_MS } from '../../support/faults/fault-bench.js';
import { useBench } from '../../support/faults/fault-suite.js';
import { PrivatePostgres } from '../../support/faults/private-postgres.js';
import { WriteLoad } from '../../support/faults/write-load.js';
import { until } from '../../support/until.js';

const RESTARTS = 10;
/** What breaking a server may look like to a caller. */
const LOSSES = [
  'CONNECTION_LOST',
  'OUTCOME_UNKNOWN',
  'UNAVAILABLE',
  'POOL_TIMEOUT',
  'QUERY_TIMEOUT',
  'TRANSACTION_TIMEOUT',
];

let postgres: PrivatePostgres;
let bench: FaultBench;

beforeAll(async () => {
  postgres = await PrivatePostgres.start({ max_connections: '14', autovacuum: 'off' });
}, 60_000);
afterAll(async () => {
  await postgres.stop();
}, 30_000);
useBench({ server: () => postgres, direct: true }, (opened) => (bench = opened));

/** Acknowledged writes are there, each once; what is there was intended; every failure was typed and in time. */
async function expectNothingLost(load: WriteLoad): Promise<void> {
  const stored = await postgres.stored();
  const set = new Set(stored);
  expect(load.acknowledged.filter((name) => !set.has(name))).toEqual([]);
  expect(set.size).toBe(stored.length);
  const intents = new Set(load.intents);
  expect(stored.filter((name) => !intents.has(name))).toEqual([]);
  for (const { error, tookMs } of load.failures) {
    expect(LOSSES).toContain(error.code);
    expect(tookMs).toBeLessThan(5_000 + NOISE_MS);
  }
  // What is said to have had no effect has had none.
  const refused = load.failures.filter(({ error }) => error.outcome === 'not-applied').length;
  expect(load.intents.length - stored.length).toBeGreaterThanOrEqual(refused);
}

async function underLoad(prefix: string, fault: () => Promise<void>): Promise<number> {
  const load = new WriteLoad(bench, prefix).start(6);
  const before = load.acknowledged.length;
  expect(await until(() => load.acknowledged.length > before + 10, 10_000)).toBe(true);
  await fault();
  const recoveredMs = await bench.recovers();
  await load.stop();
  expect(load.failures.length).toBeGreaterThan(0);
  await expectNothingLost(load);
  return recoveredMs;
}

describe('a server that dies under a load of writes', () => {
  it('row 2: by SIGKILL loses nothing that was acknowledged and is used again within two seconds', async () => {
    await underLoad('killed', async () => {
      const { postmaster } = postgres;
      process.kill(postmaster, 'SIGKILL');
      await postgres.restarted(postmaster);
    });
  }, 60_000);

  it('row 3: in one of its sessions, whereupon it ends all others, is used again within two seconds', async () => {
    await underLoad('crashed', async () => {
      const [session] = await postgres.sessions();
      process.kill(session!.pid, 'SIGKILL');
      await until(async () => !(await postgres.answers()), 2_000);
      await postgres.recovered();
    });
  }, 60_000);

  it(`row 4: by ${RESTARTS} restarts one after the other, is used again within two seconds each time`, async () => {
    const load = new WriteLoad(bench, 'restarted').start(4);
    const recoveries: number[] = [];
    for (let restart = 0; restart < RESTARTS; restart++) {
      const { postmaster } = postgres;
      process.kill(postmaster, 'SIGINT');
      await postgres.restarted(postmaster);
      recoveries.push(await bench.recovers());
    }
    await load.stop();
    expect(Math.max(...recoveries)).toBeLessThan(RECOVERY_MS);
    await expectNothingLost(load);
  }, 120_000);
});

describe('a server that shuts down smartly', () => {
  it('row 5: refuses new sessions as unavailable and lets the open transaction end', async () => {
    const { postmaster } = postgres;
    let refusals = 0;
    await bench.transactions.run(
      async () => {
        await bench.categories.create(category('last'));
        process.kill(postmaster, 'SIGTERM');
        await until(async () => !(await postgres.answers()), 5_000);
        const outside = FaultBench.open({ url: postgres.url, direct: true });
        const { error } = await bench.failure(outside);
        expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
        refusals += 1;
        await bench.categories.count();
      },
      { timeoutMs: 10_000 },
    );
    expect(refusals).toBe(1);
    // The idle session of the pool keeps such a server alive; a fast shutdown ends it.
    if (postgres.processes.includes(postmaster)) process.kill(postmaster, 'SIGINT');
    await postgres.restarted(postmaster);
    await bench.recovers();
    expect(await postgres.stored()).toEqual(['last']);
  }, 60_000);
});

describe('a server that is stopped and says nothing', () => {
  const stopped: number[] = [];
  const signal = (pids: readonly number[], name: NodeJS.Signals) => {
    for (const pid of pids) {
      process.kill(pid, name);
      if (name === 'SIGSTOP') stopped.push(pid);
    }
  };
  const goOn = () => {
    for (const pid of stopped.splice(0)) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // A session whose client has gone has ended since.
      }
    }
  };
  afterEach(() => {
    goOn();
  });

  it('row 13: while it accepts connections, is unavailable within the bound and leaves none half open', async () => {
    const { postmaster } = postgres;
    await postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'");
    await until(async () => (await bench.usage()).total <= 1, 2_000);
    await postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'");
    signal([postmaster], 'SIGSTOP');
    const naive = bench.naive();
    const waiting = held(naive.category.count());
    const calls = Array.from({ length: 6 }, () =>
      bench.verdict(bench.prisma.category.findMany(), 'UNAVAILABLE', 'POOL_TIMEOUT', 'CONNECTION_LOST'),
    );
    for (const { tookMs } of await Promise.all(calls))
      expect(tookMs).toBeLessThan(FAST.pool.acquireTimeoutMs + NOISE_MS);
    const report = await bench.prisma.checkHealth();
    expect(report.healthy).toBe(false);
    expect(report.latencyMs).toBeLessThan(1_200 + NOISE_MS);
    expect(waiting.settled).toBe(false);
    expect(await until(async () => (await bench.usage()).active <= 1, 5_000)).toBe(true);
    goOn();
    await bench.recovers();
    await waiting.promise;
  }, 30_000);

  it('row 14: as a whole, costs a query its deadline and no more, and is used again within two seconds', async () => {
    await Promise.all(Array.from({ length: 4 }, () => bench.prisma.category.count()));
    signal(postgres.processes, 'SIGSTOP');
    const naive = bench.naive();
    const waiting = held(naive.category.count());
    const calls = Array.from({ length: 8 }, () =>
      bench.verdict(
        bench.prisma.category.count(),
        'QUERY_TIMEOUT',
        'CONNECTION_LOST',
        'UNAVAILABLE',
        'POOL_TIMEOUT',
      ),
    );
    for (const { tookMs, error } of await Promise.all(calls)) {
      expect(tookMs).toBeLessThan(FAST.timeouts.statementMs + FAST.timeouts.graceMs + NOISE_MS);
      expect(error).toMatchObject({ outcome: 'not-applied' });
    }
    expect(waiting.settled).toBe(false);
    goOn();
    await bench.recovers();
    expect((await postgres.sessions()).length).toBeLessThanOrEqual(FAST.pool.max + 2);
    await waiting.promise;
  }, 30_000);
});

describe('a server that has no session left', () => {
  it('row 31: says so in a typed error, keeps its reserved ones, and is used again when one is free', async () => {
    await postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'");
    const others: pg.Client[] = [];
    for (let full = false; !full; ) await postgres.connect().then((client) => others.push(client), () => (full = true)); // prettier-ignore
    const { error } = await bench.verdict(bench.prisma.category.count(), 'RESOURCE', 'UNAVAILABLE');
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });
    expect(await postgres.answers()).toBe(true);
    await Promise.all(others.map((client) => client.end()));
    await bench.recovers();
  }, 30_000);
});
