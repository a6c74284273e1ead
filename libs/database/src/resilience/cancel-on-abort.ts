import { untilAborted } from '../common/abort.js';
import { AmbientValue } from '../common/ambient-value.js';
import { QueryCancelledError } from '../errors/query-cancelled.error.js';

// One for the whole process on purpose: whose signal it is, is said by whoever runs the work.
const signals = new AmbientValue<AbortSignal | undefined>();

/**
 * Runs `work`, and stops its queries when `signal` is aborted, such as that of a request whose client has gone:
 * `RequestContext.signal`.
 *
 * A query that runs is cancelled on the server, one that waits for a connection stops waiting, and a later one is
 * refused; all of them fail with {@link QueryCancelledError} and have changed nothing. A transaction they belong to is
 * rolled back. COMMIT and ROLLBACK are never cancelled, and neither is anything but queries: `work` itself goes on until
 * it meets one. `undefined` cancels nothing, and shields from a signal around it.
 *
 * @public
 */
export function cancelOnAbort<Result>(
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  // Awaited inside, because a Prisma promise starts only when somebody waits for it.
  return signals.run(signal, async () => await work());
}

/** The signal that the caller's queries follow. */
export function cancellationSignal(): AbortSignal | undefined {
  return signals.get();
}

/**
 * The caller's own signal ends its wait for something that goes on for others.
 *
 * @throws {@link QueryCancelledError} when it is aborted
 */
export async function unlessAborted<Result>(shared: Promise<Result>): Promise<Result> {
  const signal = cancellationSignal();
  try {
    return await untilAborted(shared, signal);
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) throw new QueryCancelledError({ cause: error });
    throw error;
  }
}
