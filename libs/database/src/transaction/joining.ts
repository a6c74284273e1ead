import { TransactionOptionsConflictError } from './transaction.errors.js';
import type { ResolvedTransactionOptions, TransactionOptions } from './transaction.options.js';

/** What a call that joins asks of the running transaction; undefined asks for nothing. */
export type JoiningWishes = Pick<
  TransactionOptions,
  'isolationLevel' | 'readOnly' | 'settings' | 'timeoutMs'
>;

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
  { isolationLevel, readOnly, settings = {}, timeoutMs }: JoiningWishes,
  timeoutName = 'timeoutMs',
): void {
  if (isolationLevel !== undefined && isolationLevel !== running.isolationLevel) {
    const actual = running.isolationLevel ?? 'the default of the server';
    throw new TransactionOptionsConflictError('isolationLevel', isolationLevel, actual);
  }
  if (readOnly !== undefined && readOnly !== running.readOnly)
    throw new TransactionOptionsConflictError('readOnly', String(readOnly), String(running.readOnly));
  for (const [name, value] of Object.entries(settings)) {
    // The values may be secrets, and stay out of the message.
    if (value !== running.settings[name])
      throw new TransactionOptionsConflictError(`settings.${name}`, 'another value', 'its own, or none');
  }
  if (timeoutMs !== undefined && timeoutMs !== running.timeoutMs)
    throw new TransactionOptionsConflictError(timeoutName, `${timeoutMs} ms`, `${running.timeoutMs} ms`);
}
