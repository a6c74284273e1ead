import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';

/**
 * So much work of one kind waits already that this call was not taken; nothing was sent.
 *
 * @public
 */
export class OverloadedError extends DatabaseError {
  override readonly name = 'OverloadedError';
  readonly code = 'OVERLOADED';
  readonly retryable = true;

  constructor(
    /** What was asked, such as `product.load`. */
    readonly operation: string,
    /** How many calls wait already. */
    readonly waiting: number,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `${operation} was not taken, as ${waiting} calls wait already. Ask for less at once, or repeat it later.`,
      options,
    );
  }
}
