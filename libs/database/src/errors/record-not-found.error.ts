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

  /**
   * @param model - the delegate's name, such as `user`
   * @param key - what was asked for; kept out of the message, as it may be personal
   */
  constructor(
    readonly model: string,
    readonly operation: string,
    readonly key: unknown,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `\`${model}.${operation}\` found no record. Use a \`find…\` method where a missing record is an ordinary answer (it returns null).`,
      options,
    );
  }
}
