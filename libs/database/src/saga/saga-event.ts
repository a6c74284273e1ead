import type { Direction } from './saga-journal.port.js';
import type { SagaState } from './saga-state.js';

/**
 * What has happened to a saga.
 *
 * `started`: it is recorded. `step-started`: a call, or its undo, is about to be made. `step-done`, `step-failed`: it is not
 * tried again. `compensating`: what was done is taken back. `undone`, `undo-failed`: a step is taken back, or could not be.
 * `completed`, `compensated`, `dead`: the end. `cancel-requested`, `retried`, `resolved`: somebody has asked for it.
 *
 * @public
 */
export type SagaEventName =
  | 'started'
  | 'step-started'
  | 'step-done'
  | 'step-failed'
  | 'compensating'
  | 'undone'
  | 'undo-failed'
  | 'completed'
  | 'compensated'
  | 'dead'
  | 'cancel-requested'
  | 'retried'
  | 'resolved';

/**
 * The payload of a message about a saga, see `saga.events`. It holds nothing of what the saga works with: neither its input,
 * nor what its steps return, nor what their errors say.
 *
 * @public
 */
export interface SagaEvent {
  /** As `@Saga` says. */
  readonly saga: string;
  /** What it was started under. */
  readonly key: string;
  /** Made by the engine: another one where a key is used again after the saga was removed. */
  readonly id: string;
  /** Of its definition. */
  readonly version: number;
  /** What has happened. */
  readonly event: SagaEventName;
  /** Where it stands then. */
  readonly state: SagaState;
  /** When, by the clock of the process that has written it: ISO 8601 in UTC. The order is that of the messages. */
  readonly at: string;
  /** The step it is about; of `compensating`, `compensated` and `dead` the one that failed. */
  readonly step?: string;
  /** Whether it is about doing the step, or about taking it back. */
  readonly direction?: Direction;
  /** Which attempt at the step, over all instances. */
  readonly attempt?: number;
  /** What it has failed with. */
  readonly error?: {
    /** Of its class. */
    readonly name: string;
    /** Where it has one. */
    readonly code?: string;
  };
}
