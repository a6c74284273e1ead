import type { RetryDeadOptions, SagaAuditEntry } from './saga-engine.port.js';
import type { SagaRecord } from './saga-journal.port.js';
import type { SagaPlan } from './saga-plan.js';
import { SagaStateError } from './saga.errors.js';

/**
 * Where a dead saga goes on.
 *
 * @throws {@link SagaStateError} where it is not dead, or does not go in this direction
 */
export function directionOfRetry(
  record: SagaRecord,
  plan: SagaPlan<unknown, unknown>,
  { direction }: RetryDeadOptions,
): 'running' | 'compensating' {
  refuseLiving(record);
  const { name, key, entries } = record;
  const hasUndone = entries.some((entry) => entry.direction === 'undo');
  const pivots = plan.stages.flatMap(({ steps }) => steps).filter(({ pivot }) => pivot);
  const isPast = entries.some(
    (entry) =>
      entry.direction === 'do' && entry.state === 'done' && pivots.some(({ name }) => name === entry.step),
  );
  if (direction === 'back' && isPast)
    throw new SagaStateError(name, key, 'it is past its pivot, and nothing leads back from there.');
  if (direction === 'forward' && hasUndone)
    throw new SagaStateError(name, key, 'a part of it was taken back already, so it cannot go forward.');
  if (direction !== undefined) return direction === 'forward' ? 'running' : 'compensating';
  return hasUndone || wasGoingBack(record.error) ? 'compensating' : 'running';
}

/** @throws {@link SagaStateError} where there is nothing for somebody to do */
export function refuseLiving({ name, key, state }: SagaRecord): void {
  if (state === 'dead') return;
  throw new SagaStateError(name, key, `it is ${state}, and not dead. Only what is dead waits for somebody.`);
}

/** What somebody has written down who has closed the saga by hand; undefined where nobody has. */
export function resolutionIn(
  audit: readonly { readonly action: SagaAuditEntry['action']; readonly note?: string | null | undefined }[],
): string | undefined {
  const closed = audit.findLast(({ action }) => action === 'resolved');
  return closed === undefined ? undefined : (closed.note ?? '');
}

/** One that was not let go on before it could take anything back has nothing else that tells. */
function wasGoingBack(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'direction') === 'undo';
}
