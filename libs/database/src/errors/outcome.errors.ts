import { DatabaseError, describeTarget, type DatabaseErrorOptions } from './database.error.js';

/**
 * A write had been sent when the connection broke, and its answer was lost: it may have taken effect or not.
 *
 * @public
 */
export class OutcomeUnknownError extends DatabaseError {
  override readonly name: string = 'OutcomeUnknownError';
  readonly code = 'OUTCOME_UNKNOWN';
  readonly retryable = false;
  override readonly outcome = 'unknown';

  constructor(
    /** What was asked, such as `user.create` or `INSERT`; never SQL with values. */
    readonly operation: string,
    /** The driver's short reason, such as `ECONNRESET`, or the server's SQLSTATE, such as `57P01`. */
    readonly reason: string,
    options: DatabaseErrorOptions = {},
  ) {
    super(
      `${operation} was sent, and ${describeTarget(options.target)} went away (${reason}) before it answered: it may have ` +
        'taken effect or not. Read the data before repeating it, or make the operation idempotent.',
      options,
    );
  }
}

/**
 * COMMIT had been sent when the connection broke, and its answer was lost: either all of the transaction is there, or
 * nothing of it.
 *
 * @public
 */
export class CommitOutcomeUnknownError extends OutcomeUnknownError {
  override readonly name = 'CommitOutcomeUnknownError';

  constructor(
    /** The driver's short reason, such as `ECONNRESET`, or the server's SQLSTATE, such as `57P01`. */
    reason: string,
    options?: DatabaseErrorOptions,
  ) {
    super('COMMIT', reason, options);
  }
}
