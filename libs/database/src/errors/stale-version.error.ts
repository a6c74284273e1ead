import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';

/**
 * The record has been changed since it was read: it has another version than the write expected. Nothing was written.
 *
 * @public
 */
export class StaleVersionError extends DatabaseError {
  override readonly name = 'StaleVersionError';
  readonly code = 'STALE_VERSION';
  /** A repetition with the same version cannot succeed; read the record again and decide afresh. */
  readonly retryable = false;

  constructor(
    /** The delegate's name, such as `user`. */
    readonly model: string,
    /** The repository's method, such as `update`. */
    readonly operation: string,
    /** Which record; kept out of the message, as it may be personal. */
    readonly key: unknown,
    /** The version that the caller had read. */
    readonly expectedVersion: number,
    /** The version that the record has now. */
    readonly actualVersion: number,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `\`${model}.${operation}\` expected version ${expectedVersion} of the record, which is at version ${actualVersion} by now. ` +
        'Read it again, apply the change to what it says now, and repeat with the new version.',
      options,
    );
  }
}
