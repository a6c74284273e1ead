import type { RegisteredSaga, RetryDeadOptions } from '../saga-engine.port.js';
import { SagaStateError } from '../saga.errors.js';
import type { SagaRow } from './saga-row.js';

/**
 * Where a dead saga goes on.
 *
 * @throws {@link SagaStateError} where there is nothing to go on with, or not in this direction
 */
export function refuseRetry(
  row: SagaRow,
  saga: RegisteredSaga | undefined,
  { direction }: RetryDeadOptions,
): 'running' | 'compensating' {
  refuseLiving(row);
  const { name, key, version } = row;
  if (saga?.fingerprint !== row.fingerprint) {
    throw new SagaStateError(
      name,
      key,
      `this instance has no definition of it with the version ${version} and the steps it was begun with. Ask one that has.`,
    );
  }
  const wasGoingBack = row.steps.some((step) => step.direction === 'undo');
  const pivots = saga.plan.stages.flatMap(({ steps }) => steps).filter(({ pivot }) => pivot);
  const isPast = row.steps.some(
    ({ step, direction, state }) =>
      direction === 'do' && state === 'done' && pivots.some((pivot) => pivot.name === step),
  );
  if (direction === 'back' && isPast)
    throw new SagaStateError(name, key, 'it is past its pivot, and nothing leads back from there.');
  if (direction === 'forward' && wasGoingBack)
    throw new SagaStateError(name, key, 'a part of it was taken back already, so it cannot go forward.');
  if (direction !== undefined) return direction === 'forward' ? 'running' : 'compensating';
  return wasGoingBack ? 'compensating' : 'running';
}

/** @throws {@link SagaStateError} where there is nothing to be closed by hand */
export function refuseResolve(row: SagaRow): void {
  refuseLiving(row);
}

function refuseLiving({ name, key, state }: SagaRow): void {
  if (state === 'dead') return;
  throw new SagaStateError(name, key, `it is ${state}, and not dead. Only what is dead waits for somebody.`);
}
