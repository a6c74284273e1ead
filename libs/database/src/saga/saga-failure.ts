import type { SagaRecord } from './saga-journal.port.js';
import { SagaFailedError } from './saga.errors.js';

/** What the caller of a saga gets that was not completed. */
export function failureOf({ name, key, state, step, error, entries }: SagaRecord): SagaFailedError {
  const undone = entries
    .filter(({ direction }) => direction === 'undo')
    .toSorted((left, right) => left.order - right.order);
  const compensated = undone.filter((entry) => entry.state === 'done').map((entry) => entry.step);
  const failed = undone
    .filter((entry) => entry.state === 'failed')
    .map((entry) => ({ step: entry.step, error: entry.error }));
  return new SagaFailedError(
    name,
    key,
    step,
    state === 'dead' ? 'dead' : 'compensated',
    compensated,
    failed,
    { cause: error },
  );
}

/**
 * What a saga has come to, for whoever waits for it.
 *
 * @throws {@link SagaFailedError} where it was not completed
 */
export function outcomeOf(record: SagaRecord): unknown {
  if (record.state === 'completed') return record.result;
  throw failureOf(record);
}
