import { PoolTimeoutError, UnavailableError, type PoolUsage } from '../errors/connection.errors.js';
import { DatabaseError, type ErrorTarget } from '../errors/database.error.js';
import { translateConnectionFailure } from '../fault/connection-failure.js';

// pg and pg-pool say these without a code (pg 8.23, pg-pool 3.14).
const NOT_FREE_IN_TIME = 'timeout exceeded when trying to connect';
const NOT_OPEN_IN_TIME = /^(?:timeout expired|Connection terminated due to connection timeout)$/;

/** A wait for a connection that ended without one. */
export interface FailedAcquire {
  readonly endpoint: string;
  readonly target: ErrorTarget;
  readonly waitedMs: number;
  /** The pool's connections at the end of the wait. */
  usage(): PoolUsage;
}

/** Says why no connection could be had. */
export function translateAcquireFailure(error: unknown, failed: FailedAcquire): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { endpoint, target, waitedMs } = failed;
  const text = error instanceof Error ? error.message : '';
  const options = { cause: error, target };
  if (text === NOT_FREE_IN_TIME) return new PoolTimeoutError(Math.round(waitedMs), failed.usage(), options);
  if (NOT_OPEN_IN_TIME.test(text)) return new UnavailableError(endpoint, 'no answer in time', options);
  return translateConnectionFailure(error, endpoint, target);
}
