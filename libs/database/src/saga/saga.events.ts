import { channel } from 'node:diagnostics_channel';
import type { Direction } from './saga-journal.port.js';
import type { SagaState } from './saga-state.js';

/**
 * How far a saga is. Between each two of them its process may die, and another one goes on.
 *
 * `created`: it is recorded. `taken-over`: this instance has it now, from another one or from an earlier run. `beat`: its
 * lease is about to be prolonged.
 * `running`: the handler of a step is about to be called. `ran`: it has ended well. `recording`: that is about to be recorded,
 * of a `tx` step together with its COMMIT. `recorded`: it is done. `started`: that a call is about to be made is recorded.
 * `failed`: the step is not tried again.
 * `moving`, `moved`: before and after the saga changes its state.
 *
 * @public
 */
export type SagaPoint =
  | 'created'
  | 'taken-over'
  | 'beat'
  | 'started'
  | 'running'
  | 'ran'
  | 'recording'
  | 'recorded'
  | 'failed'
  | 'moving'
  | 'moved';

/**
 * A saga has come to a point.
 *
 * @public
 */
export interface SagaProgressEvent {
  /** Where it is. */
  readonly point: SagaPoint;
  /** Its name. */
  readonly saga: string;
  /** What it was started under. */
  readonly key: string;
  /** The step it is about, where it is about one. */
  readonly step?: string;
  /** Whether the step is done, or taken back. */
  readonly direction?: Direction;
  /** Counted from 1, over all instances. */
  readonly attempt?: number;
  /** The state that the saga goes to. */
  readonly state?: SagaState;
  /** Why the step, or the saga, has failed. */
  readonly error?: unknown;
}

/**
 * Sagas wait for somebody to run them whose definition no instance that asks has: of a version that is not deployed any more,
 * or not yet.
 *
 * @public
 */
export interface SagaOrphanedEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** The name of their definition. */
  readonly saga: string;
  /** Its version. */
  readonly version: number;
  /** How many of them there are. */
  readonly count: number;
}

/**
 * The diagnostics channels of sagas (`node:diagnostics_channel`); nothing is published while nobody listens. Subscribers are
 * called before the saga goes on.
 *
 * @public
 */
export const SAGA_CHANNELS = {
  progress: 'nestjs-database:saga:progress',
  orphaned: 'nestjs-database:saga:orphaned',
} as const;

export const progressChannel = channel(SAGA_CHANNELS.progress);
export const orphanedChannel = channel(SAGA_CHANNELS.orphaned);
