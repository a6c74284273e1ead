import type { IsolationLevel } from '../transaction/transaction.options.js';

/**
 * What a handler of a saga knows.
 *
 * @public
 */
export interface SagaContext<Input, Outputs> {
  /** What the saga was started with. */
  readonly input: Input;
  /** What the steps before have returned, by their names. */
  readonly out: Outputs;
  /** The key the saga was started with: the same over all attempts and recoveries. */
  readonly key: string;
  /** Counted from 1, over recoveries as well. */
  readonly attempt: number;
  /** Aborted when the time of the step is up. */
  readonly signal: AbortSignal;
}

/**
 * What a handler knows that calls another system.
 *
 * @public
 */
export interface CallContext<Input, Outputs> extends SagaContext<Input, Outputs> {
  /** For the other system to tell a repetition by: the same for all attempts at this step, and another one for its undo. */
  readonly idempotencyKey: string;
}

/**
 * What a handler knows that takes something back.
 *
 * @public
 */
export interface UndoContext<Input, Outputs> extends SagaContext<Input, Outputs> {
  /**
   * Why the saga goes back: what its step has thrown, or a `SagaStoppedError`. After a crash, or in another process, an `Error`
   * with the same `name`, `message` and `code`, the `why` of a `SagaStoppedError`, and nothing else of it: tell it by these.
   */
  readonly failure: unknown;
}

/**
 * What a handler knows that takes a call back.
 *
 * @public
 */
export interface UndoCallContext<Input, Outputs>
  extends CallContext<Input, Outputs>, UndoContext<Input, Outputs> {
  /** The key that the call was made with, by which the other system finds what is to be taken back. */
  readonly doKey: string;
}

/**
 * How often and for how long a handler is tried.
 *
 * @public
 */
export interface StepPolicy {
  /** How often it is tried at most, the first time included. Range: [1, 1 000]. Default: 3, and 10 for an undo. */
  readonly attempts?: number | undefined;
  /** The longest pause after the first failure, in milliseconds; it doubles with every failure. Range: [0, 60 000]. Default: 100. */
  readonly initialDelayMs?: number | undefined;
  /** What the pause grows to at most, in milliseconds. Range: [0, 3 600 000]. Default: 10 000. */
  readonly maxDelayMs?: number | undefined;
  /** How long one attempt may take, in milliseconds. Range: [1, 3 600 000]. Default: 10 000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * What all steps may say.
 *
 * @public
 */
export interface StepOptions extends StepPolicy {
  /**
   * Failures that no repetition mends, such as a card that was declined; a `PermanentError` is one without being named. It is
   * not asked about the undo: of what that throws only a `PermanentError` is one, and leaves the saga dead at once.
   */
  readonly permanent?: ((error: unknown) => boolean) | undefined;
  /** After it nothing is taken back any more: later steps are repeated until they are done. One step of a saga at most. */
  readonly pivot?: boolean | undefined;
  /** Says that there is no undo on purpose; not needed for the pivot, and for what comes after it. */
  readonly irreversible?: boolean | undefined;
  /** How its undo is tried. */
  readonly undoPolicy?: StepPolicy | undefined;
}

/**
 * A step whose writes and whose place in the journal are committed together.
 *
 * @public
 */
export interface TxStep<Input, Outputs, Result> extends StepOptions {
  /** Runs in a transaction, which repositories and everything else of the connection join. */
  readonly run: (context: SagaContext<Input, Outputs>) => Promise<Result> | Result;
  /**
   * Isolation of its transaction, and of the one of its undo. What PostgreSQL rolls back for the sake of another transaction is
   * repeated, and counts as no attempt.
   *
   * @defaultValue that of the module's `transaction` options
   */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** Takes it back, in a transaction; not called for a step that was rolled back. */
  readonly undo?: ((context: UndoContext<Input, Outputs>, result: Result) => unknown) | undefined;
}

/**
 * A step that calls another system, at least once.
 *
 * @public
 */
export interface CallStep<Input, Outputs, Result> extends StepOptions {
  /** Calls it; may be called again, with the same key. */
  readonly run: (context: CallContext<Input, Outputs>) => Promise<Result> | Result;
  /** Takes it back; `result` is undefined where nobody knows whether the call has come through. */
  readonly undo?:
    ((context: UndoCallContext<Input, Outputs>, result: Result | undefined) => unknown) | undefined;
}
