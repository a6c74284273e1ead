/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  TRANSACTION_CHANNELS,
  TransactionScopeClosedError,
  TransactionStarvationError,
  TransactionTimeoutError,
} from '../../../libs/database/src/index.js';
import { FAST, FaultBench, category } from '../../support/faults/fault-bench.js';
import { drop, silence } from '../../support/fault-proxy/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

let database: TestDatabase;
let bench: FaultBench;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
afterEach(async () => {
  await bench.close();
});

const open = async (module = {}) => (bench = await FaultBench.open({ url: database.url, module }));
const active = () =>
  database.query(
    "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
  );

describe('timeoutMs', () => {
  it('cancels the statement that runs on the server; a bare client waits for its end', async () => {
    await open();
    const sleep = () => bench.db.query('SELECT pg_sleep(1.4)');
    const { error, tookMs } = await bench.failure(bench.transactions.run(sleep, { timeoutMs: 150 }));
    expect(error).toBeInstanceOf(TransactionTimeoutError);
    expect(error).toMatchObject({ phase: 'work', timeoutMs: 150 });
    expect(tookMs).toBeLessThan(1_100);
    expect(await until(async () => (await active()).length === 0, 1_000)).toBe(true);
    const naive = bench
      .naive()
      .$transaction((client) => client.$queryRaw`SELECT pg_sleep(1.2)::text`, { timeout: 150 });
    expect((await bench.failure(naive)).elapsedMs).toBeGreaterThan(1_100);
  });

  it('ends the wait of a caller whose work hangs, and refuses what the work does later', async () => {
    await open();
    let later: Promise<unknown> | undefined;
    const signals: AbortSignal[] = [];
    const hanging = () => {
      signals.push(bench.transactions.signal);
      return new Promise((resolve) => {
        signals[0]?.addEventListener('abort', () => {
          later = bench.categories.create(category('late')).catch((error: unknown) => error);
          resolve('done');
        });
      });
    };
    const { error } = await bench.failure(bench.transactions.run(hanging, { timeoutMs: 100 }));
    expect(error).toBeInstanceOf(TransactionTimeoutError);
    expect(signals[0]?.aborted).toBe(true);
    expect(await later).toBeInstanceOf(TransactionScopeClosedError);
    expect(await bench.categories.count()).toBe(0);
  });

  it('cuts a connection whose server is silent, within twice graceMs', async () => {
    await open({ timeouts: { ...FAST.timeouts, graceMs: 300 } });
    const work = async () => {
      await bench.categories.create(category('a'));
      bench.proxy.add(drop());
      bench.proxy.add(silence());
      await bench.categories.create(category('b'));
    };
    const { error, tookMs } = await bench.failure(bench.transactions.run(work, { timeoutMs: 200 }));
    expect(error).toBeInstanceOf(TransactionTimeoutError);
    expect(tookMs).toBeLessThan(200 + 2 * 500 + 2 * 300 + 1_000);
  });

  it('leaves the connection usable, and no transaction open on the server', async () => {
    await open({ pool: { ...FAST.pool, max: 1 } });
    for (let count = 0; count < 5; count++) {
      const sleeping = bench.transactions.run(() => bench.db.query('SELECT pg_sleep(5)'), { timeoutMs: 50 });
      await expect(sleeping).rejects.toBeInstanceOf(TransactionTimeoutError);
      expect(await bench.categories.count()).toBeGreaterThanOrEqual(0);
    }
    const idle = await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    );
    expect(idle).toEqual([]);
  });
});

describe('maxWaitMs', () => {
  it('bounds the wait for a connection, which begins with the first statement', async () => {
    await open({ pool: { ...FAST.pool, max: 1 } });
    const idle = () => undefined;
    let release: () => void = idle;
    const held = bench.transactions.run(async () => {
      await bench.categories.count();
      await new Promise<void>((resolve) => (release = resolve));
    });
    await until(() => release !== idle, 2_000);
    const waiting = bench.transactions.run(() => bench.categories.count(), { maxWaitMs: 80 });
    const { error } = await bench.verdict(waiting, 'TRANSACTION_TIMEOUT');
    expect(error).toMatchObject({ phase: 'begin', retryable: true });
    // Without a statement there is nothing to wait for.
    await expect(bench.transactions.run(() => Promise.resolve('nothing'), { maxWaitMs: 1 })).resolves.toBe(
      'nothing',
    );
    release();
    await held;
  });
});

describe('transactions that wait for a further connection', () => {
  it('are refused, by name, when all connections are theirs; a bare client waits until its limit', async () => {
    await open({ pool: { ...FAST.pool, max: 2 } });
    const { transactions, categories } = bench;
    let ready = 0;
    const both = (name: string) =>
      transactions.run(
        async () => {
          await categories.count();
          ready += 1;
          await until(() => ready >= 2, 2_000);
          await transactions.run(() => categories.count(), {
            propagation: 'REQUIRES_NEW',
            name: `${name}.audit`,
            retry: false,
          });
        },
        { name, retry: false },
      );
    const started = performance.now();
    const results = await Promise.allSettled([both('orders.place'), both('orders.cancel')]);
    const refused = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toBeInstanceOf(TransactionStarvationError);
    const { holders } = refused[0] as TransactionStarvationError;
    expect(holders.map(({ name }) => name).sort()).toEqual(['orders.cancel', 'orders.place']);
    // At once, and not when the pool gives up.
    expect(performance.now() - started).toBeLessThan(FAST.pool.acquireTimeoutMs);
  });

  it('all come through in the end when they may be repeated', async () => {
    await open({ pool: { ...FAST.pool, max: 2 } });
    const { transactions, categories } = bench;
    const retry = { attempts: 50, maxDelayMs: 50, deadlineMs: 20_000 };
    const request = () =>
      transactions.run(
        async () => {
          await categories.count();
          await transactions.run(() => categories.count(), { propagation: 'REQUIRES_NEW', retry: false });
        },
        { retry, maxWaitMs: 2_000, timeoutMs: 20_000 },
      );
    const results = await Promise.allSettled(Array.from({ length: 10 }, request));
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  });
});

describe('a transaction that holds a connection for long', () => {
  it('is named in a warning and an event, once, and a quick one is not', async () => {
    const events: { readonly name: string }[] = [];
    const listen = (event: unknown) => events.push(event as { readonly name: string });
    subscribe(TRANSACTION_CHANNELS.long, listen);
    await open({ transaction: { ...FAST.transaction, warnAfterMs: 50 } });
    await bench.transactions.run(
      async () => {
        await bench.categories.count();
        await until(() => events.length > 0, 2_000);
      },
      { name: 'reports.daily' },
    );
    for (let count = 0; count < 10; count += 1)
      await bench.transactions.run(() => bench.categories.count(), { name: 'reports.quick' });
    unsubscribe(TRANSACTION_CHANNELS.long, listen);
    const [daily, ...others] = events;
    expect(daily).toEqual({ connection: 'default', name: 'reports.daily', runningMs: 50, statements: 1 });
    // A busy machine may make one or another of them a long one; it does not make all of them long.
    expect(others.map(({ name }) => name)).not.toContain('reports.daily');
    expect(others.length).toBeLessThan(10);
    expect(bench.logged.filter((line) => line.includes('reports.daily'))).toHaveLength(1);
  });
});

describe('un-awaited work', () => {
  it('that was sent before the end is part of the transaction', async () => {
    await open();
    await bench.transactions.run(() => {
      void bench.db.query("INSERT INTO category (name, slug) VALUES ('sent', 'sent')");
      return Promise.resolve();
    });
    expect(await bench.categories.count({ where: { name: 'sent' } })).toBe(1);
  });

  it('in a nested part is waited for', async () => {
    await open();
    await bench.transactions.run(() => {
      void bench.transactions.run(() => bench.categories.create(category('nested')), {
        propagation: 'NESTED',
      });
      return Promise.resolve();
    });
    expect(await bench.categories.count({ where: { name: 'nested' } })).toBe(1);
  });
});
