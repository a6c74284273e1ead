import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';

/**
 * The server received the operation and did not carry it out.
 *
 * @public
 */
export abstract class QueryError extends DatabaseError {}

/**
 * Something the operation names does not exist: a database, schema, table or column.
 *
 * @public
 */
export class SchemaError extends QueryError {
  override readonly name = 'SchemaError';
  readonly code = 'SCHEMA';
  readonly retryable = false;

  /** @param remedy - what to do, a full sentence */
  constructor(
    /** The server's sentence, which names the missing thing. */
    readonly reason: string,
    remedy: string,
    options?: DatabaseErrorOptions,
  ) {
    super(`The database says: ${reason}. ${remedy}`, options);
  }
}

/**
 * The server rejected the operation for a reason that has no class of its own; the `cause` is the driver's error.
 *
 * @public
 */
export class RejectedQueryError extends QueryError {
  override readonly name = 'RejectedQueryError';
  readonly code = 'QUERY';
  readonly retryable = false;

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    /** The server's code or sentence, without values. */
    readonly reason: string,
    options?: DatabaseErrorOptions,
  ) {
    super(`${operation} was rejected (${reason}). See \`cause\` for the driver's error.`, options);
  }
}

/**
 * The operation did not finish in time; a write may have taken effect all the same.
 *
 * @public
 */
export class QueryTimeoutError extends QueryError {
  override readonly name = 'QueryTimeoutError';
  readonly code = 'QUERY_TIMEOUT';
  readonly retryable = false;
  override readonly outcome = 'unknown';

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    /** The limit that was reached, in milliseconds. */
    readonly timeoutMs: number,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `${operation} got no answer within ${timeoutMs} ms. Check that the server is alive and not overloaded.`,
      options,
    );
  }
}
