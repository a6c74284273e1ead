/** Whether a query comes with its own protocol handling, as cursors and streams do; nobody but itself can track it. */
export function isSubmittable(query: unknown): boolean {
  return (
    typeof query === 'object' && query !== null && 'submit' in query && typeof query.submit === 'function'
  );
}

/** Settles a callback of pg's kind with the outcome of a promise. */
export function settleCallback(result: Promise<unknown>, callback: unknown): void {
  const done = callback as (error: unknown, value?: unknown) => void;
  result.then(
    (value) => {
      done(undefined, value);
    },
    (error: unknown) => {
      done(error);
    },
  );
}
