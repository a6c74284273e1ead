import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import pg from 'pg';
import {
  PoolTimeoutError,
  ShuttingDownError,
  UnavailableError,
  UnexpectedRollbackError,
} from '../../../libs/database/src/index.js';
import type { DatabasePool } from '../../../libs/database/src/postgres/database-pool.js';
import { SingleConnection } from '../../../libs/database/src/postgres/single-connection.js';
import {
  POOL_CHANNELS,
  type PoolReleaseEvent,
  type PoolRemoveEvent,
} from '../../../libs/database/src/postgres/pool.events.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';
import { createPool, type PoolFixtureOptions } from './pool-fixture.js';

// Many round trips, on a machine that does other things as well.
jest.setTimeout(30_000);

let database: TestDatabase;
let pools: { close(timeoutMs: number): Promise<unknown> }[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await database.query('CREATE TABLE item (id int PRIMARY KEY, name text)');
  await database.query(
    "CREATE FUNCTION slow_write(seconds int) RETURNS int LANGUAGE sql AS 'INSERT INTO item SELECT 9, pg_sleep(seconds)::text RETURNING id'",
  );
});
beforeEach(() => database.query('TRUNCATE item'));
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close(1_000)));
  pools = [];
});
afterAll(() => database.drop());

function open(options: PoolFixtureOptions = {}): DatabasePool {
  const pool = createPool(database, options);
  pools.push(pool);
  return pool;
}

function openNaive(options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: database.url, ...options });
  pool.on('error', () => undefined);
  pools.push({ close: () => pool.end() });
  return pool;
}

const backend = async (pool: pg.Pool) => {
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
};
const count = async () => {
  const [row] = await database.query<{ count: number }>('SELECT count(*)::int AS count FROM item');
  return row?.count;
};
const runningPid = async (sql: string) => {
  const [row] = await database.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'pool-test' AND state = 'active' AND query = $1",
    [sql],
  );
  return row?.pid;
};
const rejection = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the pool on refused statements', () => {
  async function duplicates(pool: pg.Pool, times: number): Promise<number> {
    let connects = 0;
    pool.on('connect', () => (connects += 1));
    await pool.query("INSERT INTO item VALUES (1, 'first')");
    for (let attempt = 0; attempt < times; attempt++)
      expect(await rejection(pool.query("INSERT INTO item VALUES (1, 'again')"))).toMatchObject({
        code: '23505',
      });
    return connects;
  }

  it('keeps the connection: 1,000 duplicates cost no reconnect', async () => {
    expect(await duplicates(open(), 1_000)).toBe(1);
  });

  it('differs from stock pg, which throws a connection away for each of them', async () => {
    expect(await duplicates(openNaive(), 20)).toBe(20);
  });

  it('passes a refusal on only when the session is ready, so that the next statement does not queue', async () => {
    const client = await open().connect();
    try {
      await client.query('BEGIN');
      await rejection(client.query('SELECT 1/0'));
      expect(client.getTransactionStatus()).toBe('E');
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
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

describe('waiting for a connection', () => {
  it('ends at the deadline with the figures of the pool and the age of the longest loan', async () => {
    const pool = open({ pool: { max: 2, min: 1, acquireTimeoutMs: 200, connectTimeoutMs: 200 } });
    const held = [await pool.connect(), await pool.connect()];
    const started = performance.now();
    const error = await rejection(pool.query('SELECT 1'));
    expect(performance.now() - started).toBeLessThan(2_000);
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

describe('the owner of the pool', () => {
  it('can refuse to lend, which callers hear as its own error, and nothing is opened', async () => {
    const target = { kind: 'postgres', connection: 'default' } as const;
    let refusal: UnavailableError | undefined = new UnavailableError('here', 'not yet', { target });
    const pool = open({ refusal: () => refusal });
    expect(await rejection(pool.query('SELECT 1'))).toBe(refusal);
    expect(pool.usage().total).toBe(0);
    refusal = undefined;
    await pool.query('SELECT 1');
  });
});

describe('a connection of its own', () => {
  async function openSingle(settings: { pgbouncer?: boolean; password?: () => string }) {
    const url = new URL(database.url);
    return await SingleConnection.open({
      url: {
        host: url.hostname,
        port: Number(url.port),
        database: url.pathname.slice(1),
        user: url.username,
        schema: undefined,
      },
      password: 'password' in settings ? settings.password : () => decodeURIComponent(url.password),
      tls: false,
      applicationName: 'single-test',
      connectTimeoutMs: 5_000,
      target: { kind: 'postgres', connection: 'default' },
      ...(settings.pgbouncer !== undefined && { pgbouncer: settings.pgbouncer }),
    });
  }

  it.each([
    [false, 'UTC'],
    [true, 'America/New_York'],
  ])('with pgbouncer = %p asks for no settings that one refuses', async (pgbouncer, timeZone) => {
    await database.query(`ALTER DATABASE ${database.name} SET TimeZone = 'America/New_York'`);
    const connection = await openSingle({ pgbouncer });
    const { rows } = await connection.query("SELECT current_setting('TimeZone')");
    await connection.close();
    await database.query(`ALTER DATABASE ${database.name} RESET TimeZone`);
    expect(rows).toEqual([[timeZone]]);
  });

  it('fails as the pool does when its password cannot be had', async () => {
    const failing = () => {
      throw new Error('the vault is sealed');
    };
    expect(await rejection(openSingle({ password: failing }))).toMatchObject({ code: 'AUTH' });
  });
});

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

describe('a session', () => {
  it('has the same formats whatever the database is set to', async () => {
    await database.query(
      `ALTER DATABASE ${database.name} SET TimeZone = 'America/New_York'; ` +
        `ALTER DATABASE ${database.name} SET DateStyle = 'SQL, DMY'; ` +
        `ALTER DATABASE ${database.name} SET bytea_output = 'escape'`,
    );
    const values = async (pool: pg.Pool) =>
      (
        await pool.query(
          "SELECT '2026-11-21 12:00:00+00'::timestamptz::text AS at, '\\xff'::bytea::text AS bytes",
        )
      ).rows[0] as unknown;
    expect(await values(open())).toEqual({ at: '2026-11-21 12:00:00+00', bytes: '\\xff' });
    expect(await values(openNaive())).toEqual({ at: '21/11/2026 07:00:00 EST', bytes: '\\377' });
  });

  it('is bounded by the server as well', async () => {
    const { rows } = await open().query(
      "SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock, " +
        "current_setting('idle_in_transaction_session_timeout') AS idle",
    );
    expect(rows).toEqual([{ statement: '30s', lock: '5s', idle: '15s' }]);
  });
});

describe('what others see of the pool', () => {
  it('are events of waiting, holding and statements, in the context of the caller', async () => {
    const seen: { name: string; message: unknown }[] = [];
    const listeners = Object.values(POOL_CHANNELS).map((name) => {
      const listener = (message: unknown) => seen.push({ name, message });
      subscribe(name, listener);
      return { name, listener };
    });
    try {
      await open().query('SELECT $1::int', [7]);
    } finally {
      for (const { name, listener } of listeners) unsubscribe(name, listener);
    }
    const names = seen.map(({ name }) => name);
    expect(names).toEqual([
      POOL_CHANNELS.connect,
      POOL_CHANNELS.acquire,
      POOL_CHANNELS.query,
      POOL_CHANNELS.release,
    ]);
    expect(seen[2]?.message).toMatchObject({ connection: 'default', sql: 'SELECT $1::int', parameters: [7] });
  });

  describe('of a connection that leaves', () => {
    const removed: string[] = [];
    const destroyed: boolean[] = [];
    const onRemove = (event: unknown) => removed.push((event as PoolRemoveEvent).reason);
    const onRelease = (event: unknown) => destroyed.push((event as PoolReleaseEvent).destroyed);
    beforeEach(() => {
      removed.length = destroyed.length = 0;
      subscribe(POOL_CHANNELS.remove, onRemove);
      subscribe(POOL_CHANNELS.release, onRelease);
    });
    afterEach(() => {
      unsubscribe(POOL_CHANNELS.remove, onRemove);
      unsubscribe(POOL_CHANNELS.release, onRelease);
    });

    it.each<
      [
        string,
        PoolRemoveEvent['reason'],
        boolean[],
        PoolFixtureOptions,
        (pool: DatabasePool) => Promise<unknown>,
      ]
    >([
      [
        'inside a transaction',
        'unclean',
        [true],
        {},
        async (pool) => {
          const client = await pool.connect();
          await client.query('BEGIN');
          client.release();
        },
      ],
      [
        'with the wish of its borrower',
        'discarded',
        [true],
        {},
        async (pool) => {
          (await pool.connect()).release(true);
        },
      ],
      [
        'broken while it was lent',
        'lost',
        [true],
        {},
        async (pool) => {
          await rejection(pool.query('SELECT pg_terminate_backend(pg_backend_pid())'));
        },
      ],
      [
        'broken while it was free',
        'lost',
        [false],
        {},
        async (pool) => {
          await database.query('SELECT pg_terminate_backend($1)', [await backend(pool)]);
        },
      ],
      [
        'after its life time',
        'lifetime',
        [false],
        { pool: { min: 0, maxLifetimeMs: 1_000 } },
        (pool) => pool.query('SELECT 1'),
      ],
      [
        'because nobody needs it',
        'idle',
        [false],
        { pool: { min: 0, idleTimeoutMs: 1_000 } },
        (pool) => pool.query('SELECT 1'),
      ],
      [
        'because the pool closes',
        'closing',
        [false],
        {},
        async (pool) => {
          await pool.query('SELECT 1');
          await pool.close(1_000);
        },
      ],
    ])(
      '%s say "%s", and as the release before it whether it was destroyed',
      async (_, reason, released, options, leave) => {
        await leave(open(options));
        expect(await until(() => removed.length > 0, 5_000)).toBe(true);
        expect(removed).toEqual([reason]);
        expect(destroyed).toEqual(released);
      },
    );
  });

  it('shows no password, however it is printed', async () => {
    const pool = open();
    const client = await pool.connect();
    const { password } = new URL(database.url);
    const shown = [inspect(pool, { depth: 9 }), JSON.stringify(pool), inspect(client, { depth: 9 })].join(
      '\n',
    );
    client.release();
    expect(password).not.toBe('');
    expect(shown).not.toContain(decodeURIComponent(password));
  });
});
