import type { SagaState } from './saga-state.js';

/** What is done, or taken back. */
export type Direction = 'do' | 'undo';

/** What the journal knows of one step in one direction. */
export interface StepEntry {
  readonly step: string;
  readonly direction: Direction;
  /** `failed`: for good, and without effect where it is about doing. */
  readonly state: 'started' | 'done' | 'failed';
  /** How often it was tried, over all instances. */
  readonly attempt: number;
  /** In which order the steps were started. */
  readonly order: number;
  readonly output?: unknown;
  readonly error?: unknown;
}

/** Which step is about to run. */
export type StepStart = Pick<StepEntry, 'step' | 'direction' | 'attempt' | 'order'>;

/** Where a saga goes, and why. */
export interface Transition {
  readonly to: SagaState;
  readonly result?: unknown;
  /** The step that failed, and what it threw. */
  readonly step?: string | undefined;
  readonly error?: unknown;
}

/** Everything that is recorded of a saga. */
export interface SagaRecord {
  readonly name: string;
  readonly key: string;
  readonly input: unknown;
  readonly state: SagaState;
  readonly entries: readonly StepEntry[];
  readonly result?: unknown;
  /** Why it is not completed. */
  readonly step?: string | undefined;
  readonly error?: unknown;
  /** When it has to have passed its pivot, in milliseconds since 1970. */
  readonly deadlineAt?: number | undefined;
  readonly cancelled: boolean;
}

/** The journal is out of reach, or the saga belongs to somebody else now: what becomes of the saga is decided elsewhere. */
export class SagaAbandonedError extends Error {
  override readonly name = 'SagaAbandonedError';
}

/**
 * What an orchestrator reads and writes of the one saga it runs.
 *
 * Every method may reject with {@link SagaAbandonedError}. A failure of the journal is never one of a step: nothing is taken
 * back for it.
 */
export interface SagaJournal {
  load(): Promise<SagaRecord>;
  /**
   * Runs a `tx` step, and records that it is done, and where the saga goes then, together with its writes.
   *
   * @returns what `work` has resolved with
   * @throws what `work` has thrown; nothing of it is left then
   */
  transact(
    start: StepStart,
    work: () => Promise<unknown>,
    then?: (output: unknown) => Transition,
  ): Promise<unknown>;
  /** Records that a `call` is about to be made. */
  started(start: StepStart): Promise<void>;
  /** Records that a call has come through, and where the saga goes then. */
  done(start: StepStart, output: unknown, then?: Transition): Promise<void>;
  /** Records that a step, or its undo, is not tried again. */
  failed(start: StepStart, error: unknown): Promise<void>;
  move(transition: Transition): Promise<void>;
}
