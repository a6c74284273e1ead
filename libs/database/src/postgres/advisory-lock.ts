import { setTimeout as delay } from 'node:timers/promises';
import { withDeadline } from '../common/deadline.js';
import { MigrationLockTimeoutError, type MigrationLockHolder } from '../migration/migration.errors.js';
import type { SingleConnection } from './single-connection.js';

const MIN_DELAY_MS = 20;
const MAX_DELAY_MS = 250;
const RELEASE_TIMEOUT_MS = 1_000;
const ignore = (): void => undefined;

export interface AdvisoryLockOptions {
  /** The keys to hold, taken one after the other; everybody must name them in the same order. */
  readonly keys: readonly bigint[];
  /** For all keys together; 0 tries once. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once, before the first wait. */
  readonly onWait?: ((holder: MigrationLockHolder | undefined) => void) | undefined;
}

/**
 * Takes session locks on the connection that will do the work, and resolves with the milliseconds it took.
 *
 * - It asks again and again instead of blocking in `pg_advisory_lock`: a session that blocks keeps its snapshot, and
 *   `CREATE INDEX CONCURRENTLY` of the holder waits for every older snapshot, so that both wait for each other.
 * - The locks live and die with the working session on the server. There is no moment at which the work goes on and
 *   the lock is gone, which two connections could not promise.
 * - On any failure nothing stays locked.
 *
 * @throws {MigrationLockTimeoutError} when another session held a key all the time; it names that session.
 * @throws the signal's reason when `signal` is aborted while waiting.
 */
export async function acquireAdvisoryLocks(
  connection: SingleConnection,
  { keys, timeoutMs, signal, onWait }: AdvisoryLockOptions,
): Promise<number> {
  const started = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - started);
  let pause = MIN_DELAY_MS;
  let announced = false;
  try {
    for (const key of keys) {
      while (!(await tryLock(connection, key))) {
        signal?.throwIfAborted();
        const left = timeoutMs - elapsedMs();
        if (left <= 0) throw new MigrationLockTimeoutError(elapsedMs(), await findHolder(connection, key));
        if (!announced) onWait?.(await findHolder(connection, key));
        announced = true;
        // Half of the pause is random, so that instances which started together do not ask together.
        await sleep(Math.min(left, pause * (0.5 + Math.random() / 2)), signal);
        pause = Math.min(pause * 1.5, MAX_DELAY_MS);
      }
      signal?.throwIfAborted();
    }
  } catch (error) {
    await releaseAdvisoryLocks(connection);
    throw error;
  }
  return elapsedMs();
}

/**
 * Releases every session lock of the connection. Never rejects and waits for one second at most: the server releases
 * them itself when the session ends, this only spares the next in line the time that takes.
 */
export async function releaseAdvisoryLocks(connection: SingleConnection): Promise<void> {
  const released = connection.query('SELECT pg_advisory_unlock_all()').then(ignore, ignore);
  await withDeadline(released, RELEASE_TIMEOUT_MS, ignore);
}

async function tryLock(connection: SingleConnection, key: bigint): Promise<boolean> {
  const { rows } = await connection.query('SELECT pg_try_advisory_lock($1::bigint)', [key.toString()]);
  return rows[0]?.[0] === 't';
}

async function findHolder(
  connection: SingleConnection,
  key: bigint,
): Promise<MigrationLockHolder | undefined> {
  const { rows } = await connection.query(
    `SELECT l.pid, coalesce(a.application_name, ''), extract(epoch FROM a.backend_start) * 1000
       FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.classid::bigint << 32) | l.objid::bigint = $1::bigint
      LIMIT 1`,
    [key.toString()],
  );
  const [pid, applicationName, since] = rows[0] ?? [];
  if (pid === undefined || pid === null) return undefined;
  return {
    pid: Number(pid),
    applicationName: applicationName ?? '',
    connectedSince: since === undefined || since === null ? undefined : new Date(Number(since)),
  };
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
