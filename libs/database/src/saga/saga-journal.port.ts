import type { IsolationLevel } from '../transaction/transaction.options.js';
import type { SagaState } from './saga-state.js';

/**
 * What is done, or taken back.
 *
 * @public
 */
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
  /** What somebody has written down who has closed it by hand. */
  readonly resolution?: string | undefined;
}

/** Why a saga is to be stopped that has not failed. */
export type SagaStop = 'cancelled' | 'late';

/**
 * Why a saga was left. `lost`: somebody else has it. `handed-back`: this instance shuts down. `out-of-reach`: the database
 * did not answer; `sent` tells whether it may have been something that this saga does to it.
 */
export type AbandonReason = 'lost' | 'handed-back' | 'out-of-reach';

/** What becomes of the saga is decided elsewhere: nothing is taken back here. */
export class SagaAbandonedError extends Error {
  override readonly name = 'SagaAbandonedError';

  constructor(
    readonly reason: AbandonReason,
    options?: ErrorOptions,
  ) {
    super(`The saga was left: ${reason}.`, options);
  }
}

/** How a `tx` step is run. */
export interface TransactionLimits {
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Undefined: the default of the connection. */
  readonly isolationLevel: IsolationLevel | undefined;
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
   * Why not to go on doing, as far as it is known here.
   *
   * @throws {@link SagaAbandonedError} when not to go on at all
   */
  stop(): SagaStop | undefined;
  /** Ends a pause as soon as there is something that {@link SagaJournal.stop} would say. */
  pause(ms: number): Promise<void>;
  /**
   * Whether a failure says something about the way to the database, and nothing about the step it came out of.
   */
  isOutOfReach(error: unknown): boolean;
  /**
   * Runs a `tx` step, and records that it is done, and where the saga goes then, together with its writes.
   *
   * @param work - gets what gives the signal that ends when the time is up, where the transaction keeps the time
   * @returns what was recorded of what `work` has resolved with
   * @throws what `work` has thrown, or that what it gave cannot be recorded; nothing of it is left then
   */
  transact(
    start: StepStart,
    limits: TransactionLimits,
    work: (signal?: () => AbortSignal) => Promise<unknown>,
    then?: (output: unknown) => Transition,
  ): Promise<unknown>;
  /** Records that a `call` is about to be made. */
  started(start: StepStart): Promise<void>;
  /**
   * What will be recorded of it.
   *
   * @throws where it cannot be recorded
   */
  recordable(output: unknown): unknown;
  /** Records that a call has come through, and where the saga goes then. */
  done(start: StepStart, output: unknown, then?: Transition): Promise<void>;
  /** Records that a step, or its undo, is not tried again. */
  failed(start: StepStart, error: unknown): Promise<void>;
  move(transition: Transition): Promise<void>;
}
