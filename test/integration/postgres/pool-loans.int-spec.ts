import { describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import {
  PoolTimeoutError,
  UnavailableError,
  UnexpectedRollbackError,
} from '../../../libs/database/src/index.js';
import { until } from '../../support/until.js';
import { backend, rejection, type PoolSuite, usePools } from './pool-suite.js';

let database: PoolSuite['database'];
let open: PoolSuite['open'];
let openNaive: PoolSuite['openNaive'];
let count: PoolSuite['count'];
let runningPid: PoolSuite['runningPid'];
usePools((suite) => ({ database, open, openNaive, count, runningPid } = suite));

describe('waiting for a connection', () => {
  it('ends at the deadline with the figures of the pool and the age of the longest loan', async () => {
    const pool = open({ pool: { max: 2, min: 1, acquireTimeoutMs: 1_000, connectTimeoutMs: 1_000 } });
    const held = [await pool.connect(), await pool.connect()];
    const started = performance.now();
    const error = await rejection(pool.query('SELECT 1'));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(error).toBeInstanceOf(PoolTimeoutError);
    expect(error).toMatchObject({
      code: 'POOL_TIMEOUT',
      pool: {
        total: 2,
        active: 2,
        connecting: 0,
        idle: 0,
        max: 2,
        oldestHoldMs: expect.any(Number) as unknown,
      },
      target: { kind: 'postgres', connection: 'default' },
    });
    for (const client of held) client.release();
    await pool.query('SELECT 1');
  });

  it('is first come, first served', async () => {
    const pool = open({ pool: { max: 1, min: 1 } });
    const holder = await pool.connect();
    const order: number[] = [];
    const waiting = [0, 1, 2, 3].map(async (number) => {
      await pool.query('SELECT 1');
      order.push(number);
    });
    expect(pool.usage().waiting).toBe(4);
    holder.release();
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('fails at once when nothing listens at the address, and with the address', async () => {
    const pool = open({ port: 1 });
    expect(await rejection(pool.query('SELECT 1'))).toBeInstanceOf(UnavailableError);
    expect(pool.usage()).toMatchObject({ total: 0, waiting: 0 });
  });

  it('does not look for a password in the environment', async () => {
    const given = process.env.PGPASSWORD;
    process.env.PGPASSWORD = new URL(database.url).password;
    try {
      const pool = open({ password: undefined });
      expect(await rejection(pool.query('SELECT 1'))).toMatchObject({ code: 'AUTH', retryable: false });
    } finally {
      if (given === undefined) delete process.env.PGPASSWORD;
      else process.env.PGPASSWORD = given;
    }
  });

  it('leaves no socket behind when the password cannot be had', async () => {
    const pool = open({ password: () => Promise.reject(new Error('the vault is sealed')) });
    expect(await rejection(pool.query('SELECT 1'))).toMatchObject({ code: 'AUTH' });
    expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
  });

  it('asks the provider for the password of each new connection', async () => {
    let asked = 0;
    const { password } = new URL(database.url);
    const pool = open({
      pool: { max: 3, min: 3 },
      password: () => ((asked += 1), decodeURIComponent(password)),
    });
    expect(await pool.warmUp()).toBe(3);
    expect(asked).toBe(3);
  });
});

describe('a connection that comes back', () => {
  async function insertAfterForgottenTransaction(pool: pg.Pool): Promise<void> {
    const careless = await pool.connect();
    await careless.query('BEGIN');
    careless.release();
    const client = await pool.connect();
    try {
      await client.query("INSERT INTO item VALUES (1, 'acknowledged')");
    } finally {
      client.release(true);
    }
  }

  it('is destroyed when its transaction is still open, so that the next write is durable', async () => {
    await insertAfterForgottenTransaction(open({ pool: { max: 1, min: 1 } }));
    expect(await count()).toBe(1);
  });

  it('differs from stock pg, which loses the acknowledged write of the next borrower', async () => {
    await insertAfterForgottenTransaction(openNaive({ max: 1 }));
    expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
    expect(await count()).toBe(0);
  });

  it('is destroyed when a statement still runs on it', async () => {
    const pool = open({ pool: { max: 1, min: 1 } });
    const first = await backend(pool);
    const careless = await pool.connect();
    const running = rejection(careless.query('SELECT pg_sleep(12)'));
    // A request to stop that overtakes the statement has no effect.
    expect(await until(async () => (await runningPid('SELECT pg_sleep(12)')) !== undefined, 2_000)).toBe(
      true,
    );
    careless.release();
    expect(await running).toMatchObject({ code: 'CONNECTION_LOST', retryable: true, outcome: 'not-applied' });
    expect(await backend(pool)).not.toBe(first);
  });

  it('is refused a second time', async () => {
    const client = await open().connect();
    client.release();
    expect(() => {
      client.release();
    }).toThrow(/already been released/);
  });
});

describe('COMMIT of a transaction that the server has given up', () => {
  it('is an error, because PostgreSQL answers it with success and the tag ROLLBACK', async () => {
    const client = await open().connect();
    try {
      await client.query('BEGIN');
      await client.query("INSERT INTO item VALUES (1, 'lost')");
      await rejection(client.query('SELECT 1/0'));
      expect(await rejection(client.query('COMMIT'))).toBeInstanceOf(UnexpectedRollbackError);
    } finally {
      client.release();
    }
    expect(await count()).toBe(0);
  });
});

describe('a loan that lasts too long', () => {
  it('is reported once with the place where it was borrowed', async () => {
    const lines: string[] = [];
    const pool = open({
      pool: { leakThresholdMs: 50 },
      timeouts: { graceMs: 80 },
      warn: (line) => lines.push(line),
    });
    async function careless() {
      return await pool.connect();
    }
    const client = await careless();
    await client.query('BEGIN');
    expect(await until(() => lines.length > 0, 2_000)).toBe(true);
    expect(lines[0]).toMatch(/held for \d+ ms, inside a transaction/);
    expect(lines[0]).toMatch(/careless/);
    await client.query('ROLLBACK');
    client.release();
    expect(lines).toHaveLength(1);
  });
});
