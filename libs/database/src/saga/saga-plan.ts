import { createHash } from 'node:crypto';
import type { IsolationLevel } from '../transaction/transaction.options.js';

/**
 * A handler whose types the builder has checked already.
 *
 * @public
 */
export type Handler = (context: unknown, ...results: readonly unknown[]) => unknown;

/**
 * How often and for how long a handler is tried; checked and completed.
 *
 * @public
 */
export interface ResolvedPolicy {
  /** How often at most, the first time included. */
  readonly attempts: number;
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The longest pause after the first failure, in milliseconds. */
  readonly initialDelayMs: number;
  /** What the pause grows to at most, in milliseconds. */
  readonly maxDelayMs: number;
  /** By what it grows. */
  readonly factor: number;
}

/**
 * One step as an engine sees it.
 *
 * @public
 */
export interface PlannedStep {
  /** Unique within its saga. */
  readonly name: string;
  /** Whether it is a transaction, or calls another system. */
  readonly kind: 'tx' | 'call';
  /** Does it. */
  readonly run: Handler;
  /** Takes it back; undefined where nothing does. */
  readonly undo: Handler | undefined;
  /** Of its transactions, where it is one; undefined: the default. */
  readonly isolationLevel?: IsolationLevel | undefined;
  /** How `run` is tried. */
  readonly policy: ResolvedPolicy;
  /** How `undo` is tried. */
  readonly undoPolicy: ResolvedPolicy;
  /** Whether a failure is one that no repetition mends. */
  readonly permanent: (error: unknown) => boolean;
  /** Whether nothing is taken back any more once it is done. */
  readonly pivot: boolean;
  /** Whether it comes after the pivot: a failure is repeated, and never the end of what was done before. */
  readonly afterPivot: boolean;
}

/**
 * Steps that run at the same time; most stages have one.
 *
 * @public
 */
export interface PlannedStage {
  /** At least one. */
  readonly steps: readonly PlannedStep[];
  /** In which order the steps of one stage are taken back. */
  readonly undoOrder: 'parallel' | 'reverse';
}

/**
 * The steps of a saga, as `saga()…result()` has checked them.
 *
 * @typeParam Input - what it is started with
 * @typeParam Result - what it ends with
 *
 * @public
 */
export class SagaPlan<Input, Result> {
  /** For engines: what is run, in this order. */
  readonly stages: readonly PlannedStage[];
  /** For engines: makes the result of what the steps have returned. */
  readonly conclude: Handler;
  /** Holds the types; there is no value. */
  declare readonly types?: (input: Input) => Result;

  /** @internal */
  constructor(stages: readonly PlannedStage[], conclude: Handler) {
    this.stages = stages;
    this.conclude = conclude;
  }

  /**
   * Tells one list of steps from another: names, kinds, order, groups, the pivot, and which steps can be taken back.
   */
  get fingerprint(): string {
    const shape = this.stages.map(({ steps }) =>
      steps.map(({ name, kind, pivot, undo }) => [name, kind, pivot, undo !== undefined]),
    );
    return createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 32);
  }
}
