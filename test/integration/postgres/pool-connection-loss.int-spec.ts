import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { ShuttingDownError } from '../../../libs/database/src/index.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { until } from '../../support/until.js';
import { backend, rejection, type PoolSuite, usePools } from './pool-suite.js';

let database: PoolSuite['database'];
let open: PoolSuite['open'];
let openNaive: PoolSuite['openNaive'];
let count: PoolSuite['count'];
let runningPid: PoolSuite['runningPid'];
usePools((suite) => ({ database, open, openNaive, count, runningPid } = suite));

describe('a connection that breaks', () => {
  async function terminate(pid: number | undefined): Promise<void> {
    await database.query('SELECT pg_terminate_backend($1)', [pid]);
  }

  it('while it is idle is not noticed by the next caller', async () => {
    const pool = open({ pool: { max: 1, min: 1 } });
    await terminate(await backend(pool));
    expect(await until(() => pool.usage().total === 0, 2_000)).toBe(true);
    await pool.query('SELECT 1');
  });

  it('while it is held between two statements does not end the process, and says so at the next statement', async () => {
    const pool = open();
    const client = await pool.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await client.query('BEGIN');
    await terminate(rows[0]?.pid);
    const error = await (async () => {
      for (;;) {
        const failure = await rejection(client.query("INSERT INTO item VALUES (1, 'outside')"));
        if (failure !== undefined) return failure;
      }
    })();
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', reason: '57P01', outcome: 'not-applied' });
    client.release();
    expect(await count()).toBe(0);
    expect(pool.usage().total).toBe(0);
  });

  it.each([
    ['SELECT pg_sleep(11)', 'CONNECTION_LOST', 'not-applied', true],
    ['INSERT INTO item SELECT 1, pg_sleep(10)::text', 'OUTCOME_UNKNOWN', 'unknown', false],
    ['SELECT slow_write(13)', 'OUTCOME_UNKNOWN', 'unknown', false],
  ])('under %s is reported as %s', async (sql, code, outcome, retryable) => {
    const pool = open();
    const failed = rejection(pool.query(sql));
    expect(await until(async () => (await runningPid(sql)) !== undefined, 2_000)).toBe(true);
    await terminate(await runningPid(sql));
    expect(await failed).toMatchObject({ code, outcome, retryable });
    await pool.query('SELECT 1');
  });

  it('is never handed to the caller who waits for it', async () => {
    const pool = open({ pool: { max: 1, min: 1 } });
    const broken = rejection(pool.query('SELECT pg_sleep(14)'));
    const waiting = pool.query("INSERT INTO item VALUES (1, 'next')");
    expect(await until(async () => (await runningPid('SELECT pg_sleep(14)')) !== undefined, 2_000)).toBe(
      true,
    );
    await terminate(await runningPid('SELECT pg_sleep(14)'));
    expect(await broken).toMatchObject({ code: 'CONNECTION_LOST', reason: '57P01' });
    await waiting;
    expect(await count()).toBe(1);
  });

  it('because the server is silent is cut at the statement limit plus the grace', async () => {
    const pool = open({
      pool: { max: 1, min: 1 },
      timeouts: { statementMs: 300, lockMs: 200, graceMs: 100 },
    });
    const pid = await backend(pool);
    if (pid === undefined) throw new Error('no backend');
    process.kill(pid, 'SIGSTOP');
    try {
      const started = performance.now();
      const error = await rejection(pool.query("INSERT INTO item VALUES (1, 'silent')"));
      expect(error).toMatchObject({
        code: 'QUERY_TIMEOUT',
        outcome: 'unknown',
        retryable: false,
        timeoutMs: 400,
      });
      expect(performance.now() - started).toBeLessThan(5_000);
      await pool.query('SELECT 1');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('is not cut while a long answer arrives', async () => {
    const pool: pg.Pool = open({ timeouts: { statementMs: 5_000, graceMs: 100 } });
    const { rows } = await pool.query<{ size: number }>(
      "SELECT length(repeat('x', 20000000)) AS size, repeat('x', 20000000) AS text",
    );
    expect(rows[0]?.size).toBe(20_000_000);
  });
});

describe('a connection that closes while a statement is on its way to it', () => {
  let proxy: FaultProxy;
  beforeEach(async () => {
    proxy = await FaultProxy.start({ upstream: database.url });
  });
  afterEach(() => proxy.close());

  /**
   * Calls `work` when the next client of the pool has read that the server closes (`end`), or has closed its own direction
   * as well (`finish`), and before its socket has closed, which is what pg waits for.
   */
  function atGoodbye<Result>(
    pool: pg.Pool,
    event: 'end' | 'finish',
    work: (client: pg.PoolClient) => Promise<Result>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      pool.once('acquire', (client) => {
        const { stream } = (client as unknown as { connection: pg.Connection }).connection;
        stream.prependOnceListener(event, () => void work(client).then(resolve, reject));
      });
    });
  }

  it('is replaced when the server has said goodbye to it, as nothing has been sent', async () => {
    const pool = open({ pool: { max: 1, min: 1 }, port: proxy.port });
    const inserted = atGoodbye(pool, 'end', () => pool.query("INSERT INTO item VALUES (1, 'moved')"));
    await backend(pool);
    proxy.cut('fin');
    await inserted;
    expect(await count()).toBe(1);
    expect(proxy.acceptedConnections).toBe(2);
  });

  it('differs from stock pg, which lends it all the same', async () => {
    const pool = openNaive({ max: 1, connectionString: proxy.url });
    const inserted = rejection(
      atGoodbye(pool, 'end', () => pool.query("INSERT INTO item VALUES (1, 'never sent')")),
    );
    await backend(pool);
    proxy.cut('fin');
    expect(await inserted).toMatchObject({
      message: expect.stringMatching(/^Connection terminated/) as unknown,
    });
    expect(await count()).toBe(0);
  });

  it('says of a borrower’s write that cannot be sent any more that it had no effect', async () => {
    const pool = open({ pool: { max: 1, min: 1 }, port: proxy.port });
    const failed = rejection(
      atGoodbye(pool, 'finish', (client) => client.query("INSERT INTO item VALUES (1, 'never sent')")),
    );
    const client = await pool.connect();
    await client.query('SELECT 1');
    proxy.cut('fin');
    expect(await failed).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-applied', retryable: true });
    client.release();
    expect(await count()).toBe(0);
  });

  it.each([
    ['before the server has seen it', 'cut', 0],
    ['after the server has done it', 'cutOnReply', 1],
  ] as const)('is never replaced under a write that was written to it: cut %s', async (_, what, stored) => {
    const pool = open({ pool: { max: 2, min: 1 }, port: proxy.port });
    await backend(pool);
    const fault = proxy.onRequest({ statement: /^INSERT/ }, { do: what, how: 'fin' });
    const error = await rejection(pool.query("INSERT INTO item VALUES (1, 'once')"));
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: false });
    expect(fault.fired).toBe(1);
    expect(proxy.acceptedConnections).toBe(1);
    expect(await count()).toBe(stored);
  });
});

describe('closing', () => {
  it('refuses the callers that wait, lets the busy finish, and refuses everything after', async () => {
    const pool = open({ pool: { max: 1, min: 1 } });
    const client = await pool.connect();
    const waiting = rejection(pool.query('SELECT 1'));
    const closed = pool.close(5_000);
    expect(await waiting).toBeInstanceOf(ShuttingDownError);
    await client.query('SELECT 1');
    client.release();
    expect(await closed).toBe(0);
    expect(await rejection(pool.query('SELECT 1'))).toBeInstanceOf(ShuttingDownError);
    expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
  });

  it('cuts what does not come back in time and says how many', async () => {
    const pool = open();
    const running = rejection(pool.query('SELECT pg_sleep(60)'));
    await pool.connect();
    expect(await until(async () => (await runningPid('SELECT pg_sleep(60)')) !== undefined, 2_000)).toBe(
      true,
    );
    expect(await pool.close(50)).toBe(2);
    expect(await running).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await pool.close(50)).toBe(2);
    // Without a request to stop, the server would sleep on until its own limit.
    expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
  });

  it('ends a connection that is still being opened', async () => {
    const pool = open({ password: () => new Promise<string>(() => undefined) });
    const opening = rejection(pool.query('SELECT 1'));
    expect(await until(() => pool.usage().total === 1, 2_000)).toBe(true);
    // Nobody has it yet: counted as active it would look like a borrower that keeps it.
    expect(pool.usage()).toMatchObject({ active: 0, connecting: 1, idle: 0 });
    await pool.close(50);
    expect(await opening).toBeInstanceOf(ShuttingDownError);
    expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
  });
});
