/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { category, FaultBench, held } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';
import { until } from '../../support/until.js';

let database: FaultDatabase;
let bench: FaultBench;

useFaults((faults) => ({ database, bench } = faults));

/** Ends the application's sessions and waits until it has heard of it. */
async function loseSessions(): Promise<void> {
  expect(await database.terminateSessions()).toBeGreaterThan(0);
  await bench.isDisconnected();
}

describe('a session that the server ends', () => {
  it('row 7: is replaced without an error while it is idle', async () => {
    await Promise.all([1, 2, 3].map(() => bench.prisma.category.count()));
    await loseSessions();
    expect(await Promise.all([1, 2, 3].map(() => bench.prisma.category.count()))).toEqual([0, 0, 0]);
  });

  it('row 7: ends a process that holds a bare pg client at that moment', async () => {
    // This is why every client of the pool has a listener for its whole life (node-postgres #3083).
    const program = `
      import pg from 'pg';
      const pool = new pg.Pool({ connectionString: process.env.URL });
      pool.on('error', () => {});
      const client = await pool.connect();
      process.stdout.write('held');
      setInterval(() => {}, 1_000);`;
    const child = execFile(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...process.env, URL: database.url },
    });
    let errors = '';
    child.stderr?.on('data', (text: string) => (errors += text));
    const exit = once(child, 'exit');
    await once(child.stdout!, 'data');
    await database.terminateSessions();
    const [code] = (await exit) as [number];
    expect(code).not.toBe(0);
    expect(errors).toMatch(/terminating connection|Connection terminated unexpectedly/);
  });

  it('row 8: fails a read that it works on as safe to repeat, at once', async () => {
    const reading = held(
      bench.verdict(bench.prisma.$queryRaw`SELECT pg_sleep(1.4), 'row 8'::text`, 'CONNECTION_LOST'),
    );
    await database.isRunning('row 8');
    await database.terminateSessions();
    expect(await until(() => reading.settled, 1_000)).toBe(true);
    expect((await reading.promise).error).toMatchObject({ retryable: true, outcome: 'not-applied' });
  });

  it('row 8: leaves the outcome of an autocommit write that it works on unknown', async () => {
    const writing = held(
      bench.verdict(
        bench.prisma.$executeRaw`INSERT INTO category (name, slug) SELECT 'maybe', 'maybe' FROM pg_sleep(1)`,
        'OUTCOME_UNKNOWN',
      ),
    );
    await database.isRunning('maybe');
    await database.terminateSessions();
    expect((await writing.promise).error).toMatchObject({ retryable: false, outcome: 'unknown' });
    expect(await database.stored()).toEqual([]);
  });

  it('row 9: fails the rest of its transaction, of which nothing runs outside', async () => {
    const codes: string[] = [];
    const { error } = await bench.refusal(
      bench.transactions.run(async () => {
        await bench.categories.create(category('first'));
        await loseSessions();
        codes.push((await bench.failure(bench.categories.create(category('second')))).error.code);
        codes.push((await bench.failure(bench.categories.create(category('third')))).error.code);
        throw (await bench.failure(bench.categories.count())).error;
      }),
      'CONNECTION_LOST',
    );
    expect(error).toMatchObject({ retryable: true, outcome: 'not-applied' });
    expect(codes).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
    expect(await database.stored()).toEqual([]);
  });

  it('row 9: does not let a transaction commit whose failed statement was caught', async () => {
    await bench.failure(
      bench.transactions.run(async () => {
        await bench.categories.create(category('first'));
        await loseSessions();
        await bench.failure(bench.categories.create(category('second')));
      }),
    );
    expect(await database.stored()).toEqual([]);
  });

  it('row 10: leaves nothing unhandled when its transaction then runs out of time', async () => {
    // Naive: an unhandled rejection, and with it the end of the process, before Prisma 7.10 (prisma #29611).
    const isOutOfTime = async () =>
      (await bench.failure(bench.categories.count())).error.code === 'TRANSACTION_TIMEOUT';
    await bench.failure(
      bench.transactions.run(
        async () => {
          await bench.categories.create(category('first'));
          await loseSessions();
          expect(await until(isOutOfTime, 2_000)).toBe(true);
          await bench.categories.create(category('second'));
        },
        { timeoutMs: 200 },
      ),
    );
    expect(await database.stored()).toEqual([]);
  });

  it('row 11: that cancels a statement only is used again', async () => {
    const single = await FaultBench.open({ url: database.url, module: { pool: { max: 1, min: 0 } } });
    const before = await single.backend();
    const sleeping = held(
      single.verdict(single.prisma.$queryRaw`SELECT pg_sleep(1), 'row 11'::text`, 'QUERY_TIMEOUT'),
    );
    await database.query('SELECT pg_cancel_backend($1)', [await database.isRunning('row 11')]);
    expect((await sleeping.promise).error).toMatchObject({ outcome: 'not-applied' });
    expect(await single.backend()).toBe(before);
    await single.close();
  });
});

describe('a statement of a transaction that the client gives up on', () => {
  it('row 37: costs its connection, so that no later write runs in the transaction that was left open', async () => {
    // The server answers, but the answer stays on the way: the client's own deadline has to end it.
    const fault = bench.proxy.onRequest({ statement: /INSERT/ }, { do: 'holdReply' });
    await bench.failure(bench.transactions.run(() => bench.categories.create(category('given up'))));
    expect(fault.fired).toBe(1);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await bench.prisma.category.create(category(name));
    expect(await database.stored()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('row 37: makes the naive setup acknowledge writes that are not stored', async () => {
    const naive = bench.naive({ max: 1, query_timeout: 300 });
    await naive.category.create(category('locked'));
    const blocker = new pg.Client({ connectionString: database.database.url });
    await blocker.connect();
    await blocker.query("BEGIN; SELECT * FROM category WHERE name = 'locked' FOR UPDATE");
    await bench.failure(
      naive.$transaction((tx) =>
        tx.category.update({ where: { name: 'locked' }, data: { slug: 'changed' } }),
      ),
    );
    await blocker.query('ROLLBACK');
    await blocker.end();
    const idle = () => database.query("SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND usename = $1", [database.role]); // prettier-ignore
    await until(async () => (await idle()).length > 0, 5_000);
    await naive.category.create(category('acknowledged'));
    expect(await database.stored()).toEqual(['locked']);
  });
});

describe('a failure of the application itself', () => {
  it('row 102: in the callback of a transaction rolls back, is passed on unchanged and costs no connection', async () => {
    await bench.prisma.category.count();
    const before = bench.proxy.acceptedConnections;
    for (let call = 0; call < 20; call++) {
      const failure = new RangeError('of the application');
      const running = bench.transactions.run(async () => {
        await bench.categories.create(category(`call ${call}`));
        throw failure;
      });
      expect((await bench.failure(running)).error).toBe(failure);
    }
    expect(bench.proxy.acceptedConnections).toBe(before);
    expect(await database.stored()).toEqual([]);
  });
});
