import pg from 'pg';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import type { TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

/** A bare client of Prisma on a stock pool, as an application without the library has it. */
export function nakedPrisma(url: string, pool: pg.PoolConfig = {}): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 3, ...pool }) });
}

/** What `work` rejects with. */
export async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('It was expected to fail.');
}

/** Runs `work` while another session holds `category` exclusively. */
export async function whileLocked<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
  const holder = new pg.Client(url);
  await holder.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE category IN ACCESS EXCLUSIVE MODE');
    return await work();
  } finally {
    await holder.end();
  }
}

/** Terminates the session that waits for a lock, as soon as there is one. */
export async function terminateTheWaiting(database: TestDatabase): Promise<void> {
  const sql = `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await until(async () => (await database.query(sql)).length > 0, 5_000);
}

/** Ends or cancels the backend `pid` once it sleeps in `pg_sleep`. */
export async function signalSleeper(
  database: TestDatabase,
  pid: number,
  how: 'terminate' | 'cancel',
): Promise<void> {
  const sql = `SELECT pg_${how}_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`;
  await until(async () => (await database.query(sql, [pid])).length > 0, 5_000);
}

type Raw = Pick<PrismaClient, '$queryRawUnsafe'>;

export async function backendOf(client: Raw): Promise<number> {
  const [row] = await client.$queryRawUnsafe<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
  return row?.pid ?? 0;
}

/** Ends the session `pid` while it is idle, and waits until it is gone. */
export async function terminateIdle(database: TestDatabase, pid: number): Promise<void> {
  await database.query('SELECT pg_terminate_backend($1)', [pid]);
  const gone = async () =>
    (await database.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])).length === 0;
  await until(gone, 5_000);
}
