import { setTimeout as delay } from 'node:timers/promises';
import { ShuttingDownError } from '../errors/connection.errors.js';
import { readProperty } from '../common/safe-read.js';
import type { CommitStatus } from '../transaction/transaction-runner.port.js';
import type { DatabasePool } from './database-pool.js';

/**
 * `recovered`: whether the latest checkpoint is that of the crash recovery; no other one but that of a shutdown holds its
 * own beginning. `beyond`: whether the server knew nothing of the transaction at the latest checkpoint.
 */
const STATUS = `
  SELECT pg_xact_status($1::text::xid8) AS status,
         coalesce(extract(epoch FROM stats_reset), 0)::text = $2 AS "sameRun",
         redo_lsn = checkpoint_lsn AND checkpoint_time >= date_trunc('second', stats_reset) AS recovered,
         $1::text::numeric >= split_part(next_xid, ':', 1)::numeric * 4294967296 + split_part(next_xid, ':', 2)::numeric AS beyond
  FROM pg_stat_bgwriter, pg_control_checkpoint()`;
/** A replica that is behind does not know the newest ids yet. */
const IS_REPLICA = 'SELECT pg_is_in_recovery() AS replica';
/** What `pg_xact_status` says of an id that the server has not given out. */
const IN_THE_FUTURE = '22023';
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

interface StatusRow {
  readonly status: string | null;
  readonly sameRun: boolean;
  readonly recovered: boolean;
  readonly beyond: boolean;
}

/**
 * Asks PostgreSQL what became of a transaction, again and again while it is in progress or the server is away.
 *
 * The server that answers may be another one than that which was asked to commit: after a failover to a replica that was
 * behind, an `aborted` is true of the data that are left. An id that the server does not know any more is `unknown`.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
 *
 * @param reference - what `READ_TRANSACTION_ID` has read
 */
export async function askTransactionStatus(
  pool: DatabasePool,
  reference: string,
  signal: AbortSignal,
): Promise<CommitStatus> {
  const [id, run] = reference.split(' ');
  const started = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const { rows } = (await pool.query(STATUS, [id, run])) as { rows: [StatusRow] };
      const status = judge(rows[0]);
      if (status !== 'in progress') return status;
      if (performance.now() - started > PATIENCE_MS) await pool.query(END_WAITING_SESSION, [id]);
    } catch (error) {
      // Otherwise the server is away; it is asked again until the caller's time is up.
      if (error instanceof ShuttingDownError) return 'unknown';
      if (readProperty(error, 'code') === IN_THE_FUTURE && (await isPrimary(pool))) return 'aborted';
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return 'unknown';
}

function judge({ status, sameRun, recovered, beyond }: StatusRow): CommitStatus | 'in progress' {
  if (!sameRun) {
    // Another transaction has the id by now, also where that one runs: its session must not be ended.
    if (recovered && (beyond || status === 'in progress')) return 'aborted';
    // After a second crash nobody can tell whether the id had been handed on between the two.
    if (status !== 'aborted') return 'unknown';
  }
  return status === 'committed' || status === 'aborted' || status === 'in progress' ? status : 'unknown';
}

async function isPrimary(pool: DatabasePool): Promise<boolean> {
  try {
    const { rows } = (await pool.query(IS_REPLICA)) as { rows: { replica: boolean }[] };
    return rows[0]?.replica === false;
  } catch {
    return false;
  }
}
