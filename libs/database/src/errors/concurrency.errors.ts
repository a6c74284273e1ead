import { QueryError, type QueryErrorOptions } from './query.errors.js';

/**
 * Another session held a lock for longer than `timeouts.lockMs`, or the operation was told not to wait.
 *
 * @public
 */
export class LockTimeoutError extends QueryError {
  override readonly name = 'LockTimeoutError';
  readonly code = 'LOCK_TIMEOUT';
  readonly retryable = true;

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    options?: QueryErrorOptions,
  ) {
    super(
      `${operation} gave up waiting for a lock that another session holds. Repeat it; if it happens often, look for long ` +
        'transactions and for changes of the schema (`pg_blocking_pids`).',
      options,
    );
  }
}

/**
 * A concurrent transaction changed the same data. Nothing of this transaction was kept; repeat it as a whole.
 *
 * @public
 */
export class SerializationFailureError extends QueryError {
  override readonly name = 'SerializationFailureError';
  readonly code = 'SERIALIZATION_FAILURE';
  readonly retryable = true;

  constructor(
    /** What was asked, such as `user.update`; never SQL with values. */
    readonly operation: string,
    options?: QueryErrorOptions,
  ) {
    super(
      `${operation} collided with a concurrent transaction, so its transaction was rolled back. Repeat the whole transaction.`,
      options,
    );
  }
}

/**
 * This transaction and another one waited for each other, and the server rolled this one back; repeat it as a whole.
 *
 * @public
 */
export class DeadlockError extends QueryError {
  override readonly name = 'DeadlockError';
  readonly code = 'DEADLOCK';
  readonly retryable = true;

  constructor(
    /** What was asked, such as `user.update`; never SQL with values. */
    readonly operation: string,
    options?: QueryErrorOptions,
  ) {
    super(
      `${operation} and another transaction waited for each other, so the server rolled this one back. Repeat the whole ` +
        'transaction, and change records in the same order everywhere.',
      options,
    );
  }
}
