import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';

/**
 * What a transaction was doing when its time was up.
 *
 * `begin`: it waited for a connection (`maxWaitMs`). `work`: it had begun (`timeoutMs`), and was rolled back.
 *
 * @public
 */
export type TransactionTimeoutPhase = 'begin' | 'work';

/**
 * A transaction could not begin in time, or ran longer than it may. Nothing of it was kept.
 *
 * @public
 */
export class TransactionTimeoutError extends DatabaseError {
  override readonly name = 'TransactionTimeoutError';
  readonly code = 'TRANSACTION_TIMEOUT';
  /** Waiting for a connection may go better next time; work that took too long will take as long again. */
  readonly retryable: boolean;

  constructor(
    /** What it was doing when its time was up. */
    readonly phase: TransactionTimeoutPhase,
    /** The limit that was reached, in milliseconds, where it is known. */
    readonly timeoutMs: number | undefined,
    options?: DatabaseErrorOptions,
  ) {
    const limit = timeoutMs === undefined ? 'in the given time' : `within ${timeoutMs} ms`;
    super(
      phase === 'begin'
        ? `The transaction got no connection ${limit}, so it did not begin. If the pool is at \`pool.max\`, look for transactions ` +
            'that wait on something other than the database, or raise `maxWaitMs`.'
        : `The transaction did not end ${limit} and was rolled back. Do less in it, keep waits for other systems out of it, or ` +
            'raise `timeoutMs`.',
      options,
    );
    this.retryable = phase === 'begin';
  }
}
