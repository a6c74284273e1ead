import type { OptionValidator } from '../config/option-validator.js';
import type { Resolved } from '../config/resolved.js';

/**
 * How long the server works on a statement, waits for a lock, and lets a transaction idle.
 *
 * The first three are enforced by the server and reset nothing that the statement has not done itself: a statement that
 * is cut off has changed nothing.
 *
 * @public
 */
export interface TimeoutOptions {
  /**
   * How long one statement may run, in milliseconds (`statement_timeout`). 0 switches it off, and with it the deadline
   * for a server that has fallen silent.
   *
   * Range: [0, 86 400 000].
   * @defaultValue 30_000 (30 seconds)
   */
  readonly statementMs?: number | undefined;
  /**
   * How long a statement may wait for one lock, in milliseconds (`lock_timeout`). 0 switches it off.
   *
   * Range: [0, 86 400 000], below `statementMs`: the statement would be cut off first, and the error would not say that
   * a lock was the cause.
   * @defaultValue 5_000 (5 seconds), or half of `statementMs` where that is less
   */
  readonly lockMs?: number | undefined;
  /**
   * How long a transaction may wait for its next statement, in milliseconds (`idle_in_transaction_session_timeout`);
   * after that the server ends the session, so that its locks are free. 0 switches it off.
   *
   * Range: [0, 86 400 000].
   * @defaultValue 15_000 (15 seconds)
   */
  readonly idleInTransactionMs?: number | undefined;
  /**
   * How much longer than `statementMs` the client waits before it takes the server for dead and destroys the
   * connection, in milliseconds.
   *
   * Range: [1, 600 000].
   * @defaultValue 1_000 (1 second)
   */
  readonly graceMs?: number | undefined;
}

/** @internal */
export type ResolvedTimeoutOptions = Resolved<TimeoutOptions>;

export const DEFAULT_TIMEOUT_OPTIONS = {
  statementMs: 30_000,
  lockMs: 5_000,
  idleInTransactionMs: 15_000,
  graceMs: 1_000,
} as const satisfies ResolvedTimeoutOptions;

const SERVER_TIMEOUT = { min: 0, max: 86_400_000 };

/** Checks the options under `timeouts` and fills in the defaults; a default never contradicts what is given. */
export function resolveTimeoutOptions(value: unknown, validator: OptionValidator): ResolvedTimeoutOptions {
  const defaults = DEFAULT_TIMEOUT_OPTIONS;
  const options = validator.object(value, '', Object.keys(defaults));
  const statementMs = validator.integer(
    options.statementMs,
    'statementMs',
    defaults.statementMs,
    SERVER_TIMEOUT,
  );
  const lockDefault =
    statementMs === 0 ? defaults.lockMs : Math.min(defaults.lockMs, Math.floor(statementMs / 2));
  const lockMs = validator.integer(options.lockMs, 'lockMs', lockDefault, SERVER_TIMEOUT);
  if (statementMs > 0 && lockMs >= statementMs) {
    validator.reject(
      'lockMs',
      `is ${lockMs} ms, expected less than \`${validator.nameOf('statementMs')}\` = ${statementMs} ms: the statement would be cut off before the wait for a lock is.`,
    );
  }
  return {
    statementMs,
    lockMs,
    idleInTransactionMs: validator.integer(
      options.idleInTransactionMs,
      'idleInTransactionMs',
      defaults.idleInTransactionMs,
      SERVER_TIMEOUT,
    ),
    graceMs: validator.integer(options.graceMs, 'graceMs', defaults.graceMs, { min: 1, max: 600_000 }),
  };
}
