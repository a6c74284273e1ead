import type { SagaRecord, StepStart } from './saga-journal.port.js';
import type { SagaState } from './saga-state.js';
import { progressChannel, type SagaPoint, type SagaProgressEvent } from './saga.events.js';

/** Tells how far one saga is; costs nothing while nobody listens. */
export class SagaProgress {
  constructor(private readonly saga: Pick<SagaRecord, 'name' | 'key'>) {}

  at(point: SagaPoint, more: Omit<SagaProgressEvent, 'point' | 'saga' | 'key'> = {}): void {
    if (!progressChannel.hasSubscribers) return;
    progressChannel.publish({ point, saga: this.saga.name, key: this.saga.key, ...more });
  }

  step(point: SagaPoint, { step, direction, attempt }: StepStart, error?: unknown): void {
    if (!progressChannel.hasSubscribers) return;
    this.at(point, { step, direction, attempt, ...(error !== undefined && { error }) });
  }

  state(point: 'moving' | 'moved', state: SagaState, error?: unknown): void {
    if (!progressChannel.hasSubscribers) return;
    this.at(point, { state, ...(error !== undefined && { error }) });
  }
}
