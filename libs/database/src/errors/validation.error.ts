import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';

/**
 * A call was given a value it cannot use; nothing was sent.
 *
 * @public
 */
export class ValidationError extends DatabaseError {
  override readonly name = 'ValidationError';
  readonly code = 'VALIDATION';
  readonly retryable = false;

  constructor(
    /** The parameter, such as `ttl` or `items.0.quantity`. */
    readonly path: string,
    /** What is wrong and what is expected: a clause that continues the path, without the value. */
    readonly problem: string,
    options?: DatabaseErrorOptions,
  ) {
    super(`\`${path}\` ${problem}`, options);
  }
}
