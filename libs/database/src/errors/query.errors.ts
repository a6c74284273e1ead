import {
  DatabaseError,
  describeTarget,
  type DatabaseErrorOptions,
  type ErrorOutcome,
} from './database.error.js';

/**
 * What every error about an operation that the server received may be given.
 *
 * @public
 */
export interface QueryErrorOptions extends DatabaseErrorOptions {
  /** PostgreSQL's five characters, such as `23505`. */
  readonly sqlState?: string;
}

/**
 * The server received the operation and did not carry it out.
 *
 * @public
 */
export abstract class QueryError extends DatabaseError {
  /** PostgreSQL's five characters, such as `23505`, where the server gave them. */
  readonly sqlState?: string;

  constructor(message: string, options: QueryErrorOptions = {}) {
    super(message, options);
    if (options.sqlState !== undefined) this.sqlState = options.sqlState;
  }
}

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
    options?: QueryErrorOptions,
  ) {
    super(`The database says: ${reason}. ${remedy}`, options);
  }
}

/**
 * What is known about an operation that was rejected.
 *
 * @public
 */
export interface RejectedQueryErrorOptions extends QueryErrorOptions {
  /**
   * `unknown` where it is not certain that the server rejected it.
   *
   * @defaultValue 'not-applied'
   */
  readonly outcome?: ErrorOutcome;
}

/**
 * The operation was rejected for a reason that has no class of its own; the `cause` is the driver's error.
 *
 * @public
 */
export class RejectedQueryError extends QueryError {
  override readonly name: string = 'RejectedQueryError';
  readonly code = 'QUERY';
  readonly retryable = false;
  override readonly outcome: ErrorOutcome;

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    /** The server's code or sentence, without values. */
    readonly reason: string,
    options: RejectedQueryErrorOptions = {},
  ) {
    super(`${operation} was rejected (${reason}). See \`cause\` for the driver's error.`, options);
    this.outcome = options.outcome ?? 'not-applied';
  }
}

/**
 * The server could not use a value: out of range, too long, of the wrong form. A `QUERY` that is the caller's data.
 *
 * @public
 */
export class DataError extends RejectedQueryError {
  override readonly name = 'DataError';
}

/**
 * What is known about an operation that ran out of time.
 *
 * @public
 */
export interface QueryTimeoutErrorOptions extends QueryErrorOptions {
  /**
   * `not-applied` when the server cancelled the operation, or when it only read and its connection was destroyed.
   *
   * @defaultValue 'unknown'
   */
  readonly outcome?: 'not-applied' | 'unknown';
  /**
   * Whether a repetition may help; to be set for reads whose outcome is `not-applied` only.
   *
   * @defaultValue false
   */
  readonly retryable?: boolean;
}

/**
 * The operation did not finish in time. Where `outcome` is `unknown`, a write may have taken effect all the same.
 *
 * @public
 */
export class QueryTimeoutError extends QueryError {
  override readonly name = 'QueryTimeoutError';
  readonly code = 'QUERY_TIMEOUT';
  readonly retryable: boolean;
  override readonly outcome: 'not-applied' | 'unknown';

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    /** The limit that was reached, in milliseconds; undefined when the server or another session cancelled it. */
    readonly timeoutMs: number | undefined,
    options: QueryTimeoutErrorOptions = {},
  ) {
    const { outcome = 'unknown', retryable = false } = options;
    super(
      (timeoutMs === undefined
        ? `${operation} was cancelled by ${describeTarget(options.target)} before it had finished. `
        : `${operation} got no answer within ${timeoutMs} ms. `) +
        (outcome === 'unknown'
          ? 'A write may have taken effect all the same: read the data before repeating it. '
          : '') +
        'Check that the server is alive and not overloaded, and that the operation has the index it needs.',
      options,
    );
    this.outcome = outcome;
    this.retryable = retryable;
  }
}

/**
 * The server does not accept writes. A repetition helps only after the connection leads to the primary again.
 *
 * @public
 */
export class ReadOnlyError extends QueryError {
  override readonly name = 'ReadOnlyError';
  readonly code = 'READ_ONLY';
  readonly retryable = false;

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    options: QueryErrorOptions = {},
  ) {
    super(
      `${operation} was refused because ${describeTarget(options.target)} is read-only here. Check that the connection leads to ` +
        'the primary, and that neither the transaction nor the database is set to read-only.',
      options,
    );
  }
}

/**
 * The resource a server ran out of.
 *
 * @public
 */
export type ExhaustedResource = 'connections' | 'disk' | 'memory' | 'other';

/**
 * The server has run out of a resource. Only connections come back by themselves, so only they are worth a repetition.
 *
 * @public
 */
export class ResourceError extends QueryError {
  override readonly name = 'ResourceError';
  readonly code = 'RESOURCE';
  readonly retryable: boolean;

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    /** What the server ran out of. */
    readonly resource: ExhaustedResource,
    options: QueryErrorOptions = {},
  ) {
    const what = { connections: 'connections', disk: 'disk space', memory: 'memory', other: 'a resource' }[
      resource
    ];
    super(
      `${operation} failed because ${describeTarget(options.target)} has run out of ${what}. ` +
        (resource === 'connections'
          ? 'Lower `pool.max`, the number of instances, or raise `max_connections` of the server.'
          : 'Free some, or give the server more; the log of the server says where it is used.'),
      options,
    );
    this.retryable = resource === 'connections';
  }
}
