/**
 * Runs `work` once at a time: callers that arrive while it runs share its result.
 *
 * The next call after it has settled starts a new run.
 */
export function singleFlight<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
