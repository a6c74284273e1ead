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
 * A part of the transaction had failed and that was caught; nothing of the transaction, or of the savepoint, was kept.
 *
 * @public
 */
export class UnexpectedRollbackError extends DatabaseError {
  override readonly name = 'UnexpectedRollbackError';
  readonly code = 'UNEXPECTED_ROLLBACK';
  readonly retryable = false;

  /** The `cause` is the failure of the inner part. */
  constructor(
    options: DatabaseErrorOptions,
    /** The call that had joined and failed, by its name; undefined where a single statement had failed. */
    readonly scope?: string,
  ) {
    const part = scope === undefined ? 'a statement in it failed' : `${scope}, which had joined it, failed`;
    super(
      `The transaction was rolled back although its outermost call ended well: ${part}, and that failure was caught (see \`cause\`). ` +
        'Let the failure pass, or run the inner part with propagation `NESTED` or `REQUIRES_NEW`.',
      options,
    );
  }
}

/**
 * A call that has to be made inside a transaction was made outside of any.
 *
 * @public
 */
export class TransactionRequiredError extends DatabaseError {
  override readonly name = 'TransactionRequiredError';
  readonly code = 'TRANSACTION_REQUIRED';
  readonly retryable = false;

  constructor(
    /** The call, by its name. */
    readonly operation: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `${operation} was called outside of any transaction. Call it inside of \`transactions.run\` or of a method with ` +
        '`@Transactional()`, or give it another propagation.',
      options,
    );
  }
}

/**
 * A call that must not be made inside a transaction was made in one.
 *
 * @public
 */
export class TransactionForbiddenError extends DatabaseError {
  override readonly name = 'TransactionForbiddenError';
  readonly code = 'TRANSACTION_FORBIDDEN';
  readonly retryable = false;

  constructor(
    /** The call, by its name. */
    readonly operation: string,
    /** The transaction it was made in, by its name. */
    readonly transaction: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `${operation} has the propagation \`NEVER\` and was called inside the transaction ${transaction}. Call it before or after, ` +
        'or give it another propagation.',
      options,
    );
  }
}

/**
 * Savepoints lie too deep inside of each other; the innermost one was not begun.
 *
 * @public
 */
export class TransactionDepthError extends DatabaseError {
  override readonly name = 'TransactionDepthError';
  readonly code = 'TRANSACTION_DEPTH';
  readonly retryable = false;

  constructor(
    /** How deep they may lie. */
    readonly limit: number,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `More than ${limit} nested transactions lie inside of each other, each of them a savepoint. Look for a recursion; let inner ` +
        'calls join with `REQUIRED`.',
      options,
    );
  }
}

/**
 * Carries the result of work that asked for its rollback past everything that rolls back on an error; never leaves the
 * manager.
 *
 * @internal
 */
export class RolledBackAsAsked extends Error {
  constructor(readonly result: unknown) {
    super('The transaction was rolled back, as its work had asked for.');
  }
}

/**
 * A statement would have begun or ended the transaction that the library has in hand; it was not sent.
 *
 * @public
 */
export class TransactionControlError extends DatabaseError {
  override readonly name = 'TransactionControlError';
  readonly code = 'TRANSACTION_CONTROL';
  readonly retryable = false;

  constructor(
    /** The statement's command, such as `COMMIT`. */
    readonly command: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `${command} was sent inside a transaction of \`transactions.run\`, so it was refused: what comes after it would run outside. ` +
        'Return to commit, throw to roll back, or call `transactions.setRollbackOnly()`.',
      options,
    );
  }
}

/**
 * A transaction that waits for another one to end.
 *
 * @public
 */
export interface StarvedTransaction {
  /** What it was called in its options, or the name of its function. */
  readonly name: string;
  /** How long it has been running, in milliseconds. */
  readonly ageMs: number;
}

/**
 * Every connection of the pool is held by a transaction that waits for a further connection, so none would ever get one.
 * Nothing was sent; this one was refused, so that the others can go on.
 *
 * @public
 */
export class TransactionStarvationError extends DatabaseError {
  override readonly name = 'TransactionStarvationError';
  readonly code = 'TRANSACTION_STARVATION';
  readonly retryable = true;

  constructor(
    /** `pool.max`. */
    readonly poolMax: number,
    /** Who holds the connections. */
    readonly holders: readonly StarvedTransaction[],
    options?: DatabaseErrorOptions,
  ) {
    const named = holders.map(({ name, ageMs }) => `${name} (${ageMs} ms)`).join(', ');
    super(
      `All ${poolMax} connections of the pool are held by transactions that wait for one more: ${named}. Let the inner work join ` +
        '(`REQUIRED` or `NESTED`), do it after the commit, or raise `pool.max` above the number of requests that need two.',
      options,
    );
  }
}
