import { DatabaseError, type DatabaseErrorOptions } from '../errors/database.error.js';

/**
 * Thrown by a step of a saga: no repetition would mend it, and nothing has happened.
 *
 * The step is not tried again and, as it says that nothing has happened, is not taken back itself.
 *
 * @public
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/**
 * An undo that failed for good.
 *
 * @public
 */
export interface FailedUndo {
  /** The name of the step that was to be taken back. */
  readonly step: string;
  /** What its last attempt has thrown. */
  readonly error: unknown;
}

/**
 * A saga has not come to its end. `cause` is what the failing step threw.
 *
 * @public
 */
export class SagaFailedError extends DatabaseError {
  override readonly name = 'SagaFailedError';
  readonly code = 'SAGA_FAILED';
  readonly retryable = false;
  override readonly outcome;

  constructor(
    /** Its name. */
    readonly saga: string,
    /** What it was started under. */
    readonly key: string,
    /** The step that failed; undefined where the saga was cancelled, or late. */
    readonly step: string | undefined,
    /** `compensated`: as if nothing had happened. `dead`: somebody has to look at it. */
    readonly state: 'compensated' | 'dead',
    /** The steps that were taken back, in that order. */
    readonly compensated: readonly string[],
    /** The steps that could not be taken back. */
    readonly failed: readonly FailedUndo[],
    options?: DatabaseErrorOptions,
  ) {
    super(describe(saga, key, step, state, compensated, failed), options);
    this.outcome = state === 'compensated' ? ('not-applied' as const) : ('unknown' as const);
  }
}

/**
 * A step took longer than its `timeoutMs`. Of a call nobody knows whether it has come through.
 *
 * @public
 */
export class StepTimeoutError extends DatabaseError {
  override readonly name = 'StepTimeoutError';
  readonly code = 'SAGA_STEP_TIMEOUT';
  readonly retryable = true;
  override readonly outcome = 'unknown';

  constructor(
    readonly step: string,
    readonly timeoutMs: number,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `Step ${step} did not end within ${timeoutMs} ms. Hand \`signal\` to what it calls, and raise \`timeoutMs\` where that takes longer.`,
      options,
    );
  }
}

function describe(
  saga: string,
  key: string,
  step: string | undefined,
  state: 'compensated' | 'dead',
  compensated: readonly string[],
  failed: readonly FailedUndo[],
): string {
  const what = step === undefined ? 'was ended' : `failed at step ${step}`;
  const back =
    compensated.length === 0 ? 'Nothing had to be taken back.' : `Taken back: ${compensated.join(', ')}.`;
  if (state === 'compensated') return `Saga ${saga} with the key ${key} ${what}. ${back}`;
  const left =
    failed.length === 0
      ? 'There is no way back after the pivot.'
      : `${back} Not taken back: ${failed.map((each) => each.step).join(', ')}.`;
  return `Saga ${saga} with the key ${key} ${what}, and is dead. ${left} Look at the cause, then retry or resolve it.`;
}
