import { setTimeout as delay } from 'node:timers/promises';
import type { CommitStatus } from '../transaction/transaction-runner.port.js';
import type { DatabasePool } from './database-pool.js';

const STATUS = 'SELECT pg_xact_status($1::xid8) AS status';
/**
 * Ends the session that waits for a COMMIT which never came: while it lives nobody knows whether the COMMIT is still on
 * its way. A session that has received it is not idle, and is left alone.
 */
const END_WAITING_SESSION = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE backend_xid = $1::xid8::xid AND usename = current_user AND state = 'idle in transaction'`;

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
/** The server hears of a connection that was closed well within this time; of one that was cut off it never does. */
const PATIENCE_MS = 1_000;

/**
 * Asks PostgreSQL what became of a transaction, again and again while it is in progress or the server is away.
 *
 * The server that answers may be another one than that which was asked to commit: after a failover to a replica that was
 * behind, an `aborted` is true of the data that are left. An id that the server does not know any more is `unknown`.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
 */
export async function askTransactionStatus(
  pool: DatabasePool,
  transactionId: string,
  signal: AbortSignal,
): Promise<CommitStatus> {
  const started = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const { rows } = (await pool.query(STATUS, [transactionId])) as { rows: { status: string | null }[] };
      const status = rows[0]?.status;
      if (status === 'committed' || status === 'aborted') return status;
      if (status !== 'in progress') return 'unknown';
      if (performance.now() - started > PATIENCE_MS) await pool.query(END_WAITING_SESSION, [transactionId]);
    } catch {
      // The server is away, or does not know the id yet; it is asked again until the caller's time is up.
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return 'unknown';
}
