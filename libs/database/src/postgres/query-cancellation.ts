import type { ErrorTarget } from '../errors/database.error.js';
import { QueryCancelledError } from '../errors/query-cancelled.error.js';
import type { TrackedQuery } from './tracked-query.js';

const CANCELLED = '57014';

/** How one connection stops what it runs. */
export interface Cancellable {
  readonly target: ErrorTarget;
  /**
   * Asks the server to stop the statement that runs. Until it has settled, and where the server has not taken the request,
   * the session must not be lent to anybody else; never rejects.
   */
  cancel(): Promise<void>;
}

/** Follows the signal of a query's caller from the moment it is queued until it has settled. */
export class QueryCancellation {
  private cancelling: Promise<void> | undefined;
  private readonly abort = () => {
    if (this.query.sent === undefined) this.query.givenUp = this.error(this.signal.reason);
    else this.cancelling = this.connection.cancel();
  };

  constructor(
    private readonly query: TrackedQuery,
    private readonly signal: AbortSignal,
    private readonly connection: Cancellable,
  ) {
    if (signal.aborted) this.abort();
    else signal.addEventListener('abort', this.abort, { once: true });
  }

  /**
   * Settles as the query does, and not before a request to cancel it has reached the server, which would apply it to the
   * next statement of the session.
   */
  async follow<Result>(settled: Promise<Result>): Promise<Result> {
    try {
      return await settled;
    } catch (error) {
      throw this.explain(error);
    } finally {
      this.signal.removeEventListener('abort', this.abort);
      await this.cancelling;
    }
  }

  private explain(error: unknown): unknown {
    const byServer =
      typeof error === 'object' && error !== null && 'code' in error && error.code === CANCELLED;
    return byServer && this.cancelling !== undefined ? this.error(error) : error;
  }

  private error(cause: unknown): QueryCancelledError {
    return new QueryCancelledError({ target: this.connection.target, cause });
  }
}

/** False for what ends a transaction: cancelled, its session would be left in it, or its outcome unknown. */
export function mayBeCancelled({ kind }: TrackedQuery): boolean {
  return kind === 'read' || kind === 'write';
}
