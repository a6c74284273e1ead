import { readText } from '../common/safe-read.js';
import type { ErrorCode } from '../errors/error-codes.js';
import { toErrorRecord } from './error-record.js';
import type { SagaRecord, StepEntry } from './saga-journal.port.js';
import { SagaFailedError } from './saga.errors.js';

/** What the caller of a saga gets that was not completed. */
export function failureOf(record: SagaRecord): SagaFailedError {
  const { name, key, state, step, error, entries, resolution } = record;
  const undone = entries
    .filter(({ direction }) => direction === 'undo')
    .toSorted((left, right) => left.order - right.order);
  const compensated = undone.filter((entry) => entry.state === 'done').map((entry) => entry.step);
  const failed = undone
    .filter((entry) => entry.state === 'failed')
    .map((entry) => ({ step: entry.step, error: entry.error }));
  const left = entries
    .filter((entry) => entry.direction === 'do' && mayBeDone(entry) && !compensated.includes(entry.step))
    .toSorted((one, other) => one.order - other.order)
    .map((entry) => entry.step);
  return new SagaFailedError(
    name,
    key,
    step,
    state === 'dead' ? 'dead' : 'compensated',
    compensated,
    failed,
    { cause: error, resolution, left },
  );
}

/** For the log: somebody has to look at it. Undefined where nobody has to. */
export function alarmOf({ name, key, state, step, error }: SagaRecord): string | undefined {
  if (state !== 'dead') return undefined;
  const { name: failure, code } = toErrorRecord(error);
  const why = [failure, code].filter(Boolean).join(' ');
  return `A saga is dead (saga=${name}, key=${key}, step=${step ?? 'none'}, error=${why}). Look at the cause, then retry or resolve it.`;
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

/** What has failed has done nothing, but for a transaction of which nobody knows whether it was committed. */
function mayBeDone({ state, error }: StepEntry): boolean {
  return state !== 'failed' || readText(error, 'code') === ('OUTCOME_UNKNOWN' satisfies ErrorCode);
}
