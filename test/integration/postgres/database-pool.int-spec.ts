import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type pg from 'pg';
import { UnavailableError } from '../../../libs/database/src/index.js';
import type { DatabasePool } from '../../../libs/database/src/postgres/database-pool.js';
import {
  POOL_CHANNELS,
  type PoolReleaseEvent,
  type PoolRemoveEvent,
} from '../../../libs/database/src/postgres/pool.events.js';
import { until } from '../../support/until.js';
import type { PoolFixtureOptions } from './pool-fixture.js';
import { backend, rejection, type PoolSuite, usePools } from './pool-suite.js';

let database: PoolSuite['database'];
let open: PoolSuite['open'];
let openNaive: PoolSuite['openNaive'];
usePools((suite) => ({ database, open, openNaive } = suite));

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
