import { DatabaseError, type DatabaseErrorOptions } from '../errors/database.error.js';

/**
 * A call asked to join the running transaction with options that one does not have.
 *
 * @public
 */
export class TransactionOptionsConflictError extends DatabaseError {
  override readonly name = 'TransactionOptionsConflictError';
  readonly code = 'TRANSACTION_OPTIONS_CONFLICT';
  readonly retryable = false;

  constructor(
    /** The option that differs, such as `isolationLevel`. */
    readonly option: string,
    /** What the joining call asks for. */
    readonly requested: string,
    /** What the running transaction has. */
    readonly actual: string,
  ) {
    super(
      `The running transaction has ${option} = ${actual}, and the call that joins it asks for ${requested}. ` +
        `Give the option where the transaction begins, or leave it out here.`,
    );
  }
}

/**
 * A part of the transaction had failed and was caught by the caller; nothing of the transaction was kept.
 *
 * @public
 */
export class UnexpectedRollbackError extends DatabaseError {
  override readonly name = 'UnexpectedRollbackError';
  readonly code = 'UNEXPECTED_ROLLBACK';
  readonly retryable = false;

  /** The `cause` is the failure of the inner part. */
  constructor(options: DatabaseErrorOptions) {
    super(
      'The transaction was rolled back although its outermost call ended well: a call that had joined it failed, and that ' +
        'failure was caught (see `cause`). Let the failure pass, or run the inner part in a transaction of its own.',
      options,
    );
  }
}
