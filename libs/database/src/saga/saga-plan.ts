import { createHash } from 'node:crypto';
import type { BackoffSchedule } from '../common/backoff.js';

/** A handler whose types the builder has checked already. */
export type Handler = (context: unknown, ...results: readonly unknown[]) => unknown;

/** How often and for how long a handler is tried; checked and completed. */
export interface ResolvedPolicy extends BackoffSchedule {
  readonly attempts: number;
  readonly timeoutMs: number;
}

/** One step as an engine sees it. */
export interface PlannedStep {
  readonly name: string;
  readonly kind: 'tx' | 'call';
  readonly run: Handler;
  readonly undo: Handler | undefined;
  readonly policy: ResolvedPolicy;
  readonly undoPolicy: ResolvedPolicy;
  readonly permanent: (error: unknown) => boolean;
  /** Whether nothing is taken back any more once it is done. */
  readonly pivot: boolean;
  /** Whether it comes after the pivot: a failure is repeated, and never the end of what was done before. */
  readonly afterPivot: boolean;
}

/** Steps that run at the same time; most stages have one. */
export interface PlannedStage {
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
  /** @internal */
  readonly stages: readonly PlannedStage[];
  /** Makes the result of what the steps have returned. @internal */
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
   *
   * @internal
   */
  get fingerprint(): string {
    const shape = this.stages.map(({ steps }) =>
      steps.map(({ name, kind, pivot, undo }) => [name, kind, pivot, undo !== undefined]),
    );
    return createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 32);
  }
}
