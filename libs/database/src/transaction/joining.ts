import { TransactionOptionsConflictError } from './transaction.errors.js';
import type { ResolvedTransactionOptions } from './transaction.options.js';

/** What a call that joins asks of the running transaction; undefined asks for nothing. */
export interface JoiningWishes {
  readonly isolationLevel?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Refuses a call that asks the running transaction for something it does not have.
 *
 * A transaction that was begun without an isolation level has the server's default, which the database, the role and
 * the session can each set: it is not known here, so it satisfies no call that names one.
 *
 * @param timeoutName - how the caller calls the time limit
 * @throws {@link TransactionOptionsConflictError}
 */
export function refuseConflict(
  running: ResolvedTransactionOptions,
  { isolationLevel, timeoutMs }: JoiningWishes,
  timeoutName = 'timeoutMs',
): void {
  if (isolationLevel !== undefined && isolationLevel !== running.isolationLevel) {
    throw new TransactionOptionsConflictError(
      'isolationLevel',
      isolationLevel,
      running.isolationLevel ?? 'the default of the server',
    );
  }
  if (timeoutMs !== undefined && timeoutMs !== running.timeoutMs) {
    throw new TransactionOptionsConflictError(timeoutName, `${timeoutMs} ms`, `${running.timeoutMs} ms`);
  }
}
