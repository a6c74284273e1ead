/** What steps of the suite fail with. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
}

/** A handler that fails. */
export function fail(message: string): () => never {
  return () => {
    throw new StepFailure(message);
  };
}

/** A handler that fails so many times, and then does not. */
export function failTimes(times: number, message: string): () => void {
  let left = times;
  return () => {
    left -= 1;
    if (left >= 0) throw new StepFailure(message);
  };
}
