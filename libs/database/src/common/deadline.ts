// The module's own, which a test's fake clock leaves alone: it is the turn of the real event loop that matters.
import { setImmediate } from 'node:timers';

/**
 * Settles like `work`, or with the result of `onTimeout` when `work` takes longer than `timeoutMs`.
 *
 * `work` is not cancelled; its late failure is swallowed here, so that it cannot become an unhandled rejection.
 */
export async function withDeadline<Result>(
  work: Promise<Result>,
  timeoutMs: number,
  onTimeout: () => Result,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    // After a stall timers come first: what arrived meanwhile is read before the verdict.
    timer = setTimeout(() => setImmediate(resolve, 'timeout'), timeoutMs);
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), timeout]);
    if (first !== 'timeout') return first.value;
    work.catch(() => undefined);
    return onTimeout();
  } finally {
    clearTimeout(timer);
  }
}
