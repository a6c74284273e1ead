import { QueryError, type QueryErrorOptions } from './query.errors.js';

/**
 * The signal of the caller was aborted, so the operation was stopped, or not sent at all; it changed nothing.
 *
 * @public
 */
export class QueryCancelledError extends QueryError {
  override readonly name = 'QueryCancelledError';
  readonly code = 'QUERY_CANCELLED';
  readonly retryable = false;

  /** The `cause` is the reason of the signal, or what the server said. */
  constructor(options: QueryErrorOptions = {}) {
    super(
      'The query was cancelled, because the signal of its caller was aborted; nothing was changed.',
      options,
    );
  }
}
