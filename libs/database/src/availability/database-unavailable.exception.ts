import { ServiceUnavailableException } from '@nestjs/common';

/** What a client is told to wait, in seconds; the database is looked at twice as often at least. */
export const RETRY_AFTER_S = 2;

/**
 * The answer 503 while the database cannot be used; the response carries `Retry-After`.
 *
 * It says nothing about hosts or reasons: the health indicators and the log do.
 *
 * @public
 */
export class DatabaseUnavailableException extends ServiceUnavailableException {
  /** The value of `Retry-After`. */
  readonly retryAfterSeconds = RETRY_AFTER_S;

  constructor() {
    super({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'The database cannot be used at the moment. Try again.',
      code: 'UNAVAILABLE',
    });
  }
}
