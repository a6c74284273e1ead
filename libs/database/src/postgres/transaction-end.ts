import { setTimeout as delay } from 'node:timers/promises';
import { ShuttingDownError } from '../errors/connection.errors.js';
import type { DatabasePool } from './database-pool.js';

/**
 * Whether the session has done with the transaction; a replica knows nothing of the sessions of its primary. A session whose
 * state is not shown, for want of the right to see it or of `track_activities`, may still be at it.
 */
const HAS_ENDED = `
  SELECT NOT pg_is_in_recovery() AND NOT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE pid = $1::int AND (extract(epoch FROM xact_start)::text = $2 OR coalesce(state, 'disabled') = 'disabled')
  ) AS ended`;
/** One that waits for a COMMIT which never came. It has received none, or it would not be idle. */
const END_WAITING_SESSION = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE pid = $1::int AND extract(epoch FROM xact_start)::text = $2 AND state LIKE 'idle in transaction%'`;

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
/** The server hears of a connection that was closed well within this time; of one that was cut off it never does. */
const PATIENCE_MS = 1_000;

/**
 * Waits until the server has done with a transaction whose COMMIT was not answered: it may go on with it long after the
 * connection is lost, and cannot be stopped in all of its work.
 *
 * @param reference - what `READ_SESSION` has read
 * @returns false where that cannot be known before `signal`; never rejects
 */
export async function awaitTransactionEnd(
  pool: DatabasePool,
  reference: string,
  signal: AbortSignal,
): Promise<boolean> {
  const session = reference.split(' ');
  const started = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const { rows } = (await pool.query(HAS_ENDED, session)) as { rows: { ended: boolean }[] };
      if (rows[0]?.ended === true) return true;
      if (performance.now() - started > PATIENCE_MS) await pool.query(END_WAITING_SESSION, session);
    } catch (error) {
      // Otherwise the server is away; it is asked again until the caller's time is up.
      if (error instanceof ShuttingDownError) return false;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
