import { DatabaseError, type DatabaseErrorOptions } from '../errors/database.error.js';

/**
 * A sink of the outbox did not deliver a message in time. Nobody knows whether it arrived; it is repeated.
 *
 * @public
 */
export class OutboxTimeoutError extends DatabaseError {
  override readonly name = 'OutboxTimeoutError';
  readonly code = 'OUTBOX_TIMEOUT';
  readonly retryable = true;
  override readonly outcome = 'unknown';

  constructor(
    /** The message's. */
    readonly topic: string,
    /** How long the sink had. */
    readonly timeoutMs: number,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `A message of the topic \`${topic}\` was not delivered within ${timeoutMs} ms. Hand \`signal\` to what the sink calls, ` +
        'and raise `outbox.timeoutMs` where that takes longer.',
      options,
    );
  }
}
