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
    timer = setTimeout(resolve, timeoutMs, 'timeout');
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
