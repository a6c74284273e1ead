import { afterAll, afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import pg from 'pg';
import type { DatabasePool } from '../../../libs/database/src/postgres/database-pool.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { createPool, type PoolFixtureOptions } from './pool-fixture.js';

/** What the tests of a suite have: its database with an empty table `item`, and pools that are closed after each test. */
export interface PoolSuite {
  readonly database: TestDatabase;
  /** A pool of the library. */
  open(options?: PoolFixtureOptions): DatabasePool;
  /** A pool of pg, as an application without the library has it. */
  openNaive(options?: pg.PoolConfig): pg.Pool;
  /** How many items are stored. */
  count(): Promise<number | undefined>;
  /** The server's process that runs this statement for one of the pools. */
  runningPid(sql: string): Promise<number | undefined>;
}

/** Gives the tests of this file a database and pools. */
export function usePools(use: (suite: PoolSuite) => void): void {
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
    use({
      database,
      open: (options = {}) => {
        const pool = createPool(database, options);
        pools.push(pool);
        return pool;
      },
      openNaive: (options = {}) => {
        const pool = new pg.Pool({ connectionString: database.url, ...options });
        pool.on('error', () => undefined);
        pools.push({ close: () => pool.end() });
        return pool;
      },
      count: async () => {
        const [row] = await database.query<{ count: number }>('SELECT count(*)::int AS count FROM item');
        return row?.count;
      },
      runningPid: async (sql) => {
        const [row] = await database.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE application_name = 'pool-test' AND state = 'active' AND query = $1",
          [sql],
        );
        return row?.pid;
      },
    });
  });
  beforeEach(() => database.query('TRUNCATE item'));
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.close(1_000)));
    pools = [];
  });
  afterAll(() => database.drop());
}

/** The server's process that a statement of the pool runs in. */
export async function backend(pool: pg.Pool): Promise<number | undefined> {
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}

/** What `work` rejects with; undefined when it does not. */
export const rejection = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
