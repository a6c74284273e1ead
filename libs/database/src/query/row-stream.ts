import { InvalidOptionsError } from '../config/config.errors.js';
import type { Row } from './sql-executor.port.js';

const DEFAULT_BATCH_SIZE = 1_000;
const MAX_BATCH_SIZE = 100_000;

/**
 * How a large result is read.
 *
 * @public
 */
export interface StreamOptions {
  /**
   * Rows fetched at a time, which is also how many are in memory; an integer from 1 to 100 000.
   *
   * @defaultValue 1000
   */
  readonly batchSize?: number;
}

/** @throws {@link InvalidOptionsError} before anything is sent */
export function checkBatchSize({ batchSize = DEFAULT_BATCH_SIZE }: StreamOptions = {}): number {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > MAX_BATCH_SIZE) {
    throw InvalidOptionsError.at('A stream', 'batchSize', `is no integer from 1 to ${MAX_BATCH_SIZE}.`);
  }
  return batchSize;
}

/** Row by row; ending the loop early ends the reading of the batches, which gives their connection back. */
export async function* rowsOf<Result extends object>(
  batches: AsyncIterable<Row[]>,
): AsyncGenerator<Result, void, undefined> {
  for await (const rows of batches) yield* rows as Result[];
}
