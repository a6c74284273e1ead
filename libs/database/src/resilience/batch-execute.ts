import { InvalidOptionsError } from '../config/config.errors.js';

/**
 * What became of one operation of {@link batchExecute}: `skipped` ones were never started.
 *
 * @public
 */
export type BatchOutcome<Value> =
  | { readonly status: 'fulfilled'; readonly value: Value }
  | { readonly status: 'rejected'; readonly reason: unknown }
  | { readonly status: 'skipped' };

/**
 * How far {@link batchExecute} is.
 *
 * @public
 */
export interface BatchProgress {
  /** How many operations have ended. */
  readonly done: number;
  /** How many of those failed. */
  readonly failed: number;
  /** How many there are. */
  readonly total: number;
}

/**
 * How {@link batchExecute} goes on.
 *
 * @public
 */
export interface BatchOptions {
  /** Called after each operation; what it throws ends the calls of it, and nothing else. */
  readonly onProgress?: (progress: BatchProgress) => void;
  /**
   * Start nothing more after a failure; what runs then is waited for.
   *
   * @defaultValue false
   */
  readonly stopOnError?: boolean;
  /** Aborted, nothing more is started; what runs then is waited for. */
  readonly signal?: AbortSignal;
}

/**
 * What {@link batchExecute} answers.
 *
 * @public
 */
export interface BatchResult<Value> {
  /** One for each operation, in their order. */
  readonly outcomes: readonly BatchOutcome<Value>[];
  /** How many went well. */
  readonly fulfilled: number;
  /** How many failed. */
  readonly rejected: number;
  /** How many were never started. */
  readonly skipped: number;
  /** What `onProgress` threw. */
  readonly progressError?: unknown;
}

/**
 * Runs many operations, `size` of them at a time, and says what became of each one; it does not reject when some fail.
 *
 * They are separate: each one commits by itself, unless the caller runs all of it in a transaction, where they take turns
 * on its one connection, and the first failure of a statement ends them all.
 *
 * @param operations - functions that begin the work, such as `rows.map((row) => () => repository.create(row))`
 * @throws {@link InvalidOptionsError} when the size is no positive integer, or an operation is no function; nothing is started
 *
 * @public
 */
export async function batchExecute<Value>(
  operations: readonly (() => Promise<Value>)[],
  size: number,
  options: BatchOptions = {},
): Promise<BatchResult<Value>> {
  const { onProgress, stopOnError = false, signal } = options;
  if (!Number.isInteger(size) || size < 1)
    throw InvalidOptionsError.at('batchExecute', 'size', 'is no integer from 1 on.');
  const wrong = operations.findIndex((operation) => typeof operation !== 'function');
  if (wrong >= 0)
    throw InvalidOptionsError.at(
      'batchExecute',
      `operations.${wrong}`,
      'is no function that begins the work.',
    );
  const total = operations.length;
  const outcomes = Array.from(operations, (): BatchOutcome<Value> => ({ status: 'skipped' }));
  const count = { fulfilled: 0, rejected: 0 };
  let report = onProgress;
  let progressError: { readonly error: unknown } | undefined;
  let next = 0;
  const worker = async () => {
    while (next < total && signal?.aborted !== true && !(stopOnError && count.rejected > 0)) {
      const index = next++;
      const outcome = await outcomeOf(operations[index]);
      outcomes[index] = outcome;
      count[outcome.status] += 1;
      try {
        report?.({ done: count.fulfilled + count.rejected, failed: count.rejected, total });
      } catch (error) {
        report = undefined;
        progressError = { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(size, total) }, worker));
  const { fulfilled, rejected } = count;
  return {
    outcomes,
    fulfilled,
    rejected,
    skipped: total - fulfilled - rejected,
    ...(progressError === undefined ? {} : { progressError: progressError.error }),
  };
}

async function outcomeOf<Value>(
  operation: (() => Promise<Value>) | undefined,
): Promise<Exclude<BatchOutcome<Value>, { status: 'skipped' }>> {
  try {
    return { status: 'fulfilled', value: await (operation as () => Promise<Value>)() };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
