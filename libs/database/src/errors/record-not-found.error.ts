import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';

/**
 * A `get…`, `update` or `delete` named a record that does not exist.
 *
 * @public
 */
export class RecordNotFoundError extends DatabaseError {
  override readonly name = 'RecordNotFoundError';
  readonly code = 'RECORD_NOT_FOUND';
  readonly retryable = false;

  constructor(
    /** The delegate's name, such as `user`. */
    readonly model: string,
    /** The repository's method, such as `update`. */
    readonly operation: string,
    /** What was asked for; kept out of the message, as it may be personal. */
    readonly key: unknown,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `\`${model}.${operation}\` found no record. Use a \`find…\` method where a missing record is an ordinary answer (it returns null).`,
      options,
    );
  }
}
