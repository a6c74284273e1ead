import { DatabaseError, type DatabaseErrorOptions } from '../errors/database.error.js';
import type { Direction } from './saga-journal.port.js';

export { PermanentError } from '../errors/permanent.error.js';

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
 * What is known of a saga that has not come to its end, beside its steps.
 *
 * @public
 */
export interface SagaFailedErrorOptions extends DatabaseErrorOptions {
  /** What somebody has written down who has closed it by hand. */
  readonly resolution?: string | undefined;
  /** The steps that are done, or may be, and that nothing has taken back. */
  readonly left?: readonly string[] | undefined;
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
  /** `not-applied`: all that was done was taken back, by the saga itself, and {@link SagaFailedError.left} is empty. */
  override readonly outcome: 'not-applied' | 'unknown';
  /** What somebody has written down who has closed it by hand, and knows what is left of it; undefined where nobody has. */
  readonly resolution: string | undefined;
  /**
   * The steps that are done, or may be, and that nothing has taken back: `irreversible` ones, and those of a saga that is dead.
   * A step that leaves nothing says so with an empty undo.
   */
  readonly left: readonly string[];

  constructor(
    /** Its name. */
    readonly saga: string,
    /** What it was started under. */
    readonly key: string,
    /** The step that failed; undefined where the saga was cancelled, or late. */
    readonly step: string | undefined,
    /** `compensated`: what can be was taken back, or it was closed by hand. `dead`: somebody has to look at it. */
    readonly state: 'compensated' | 'dead',
    /** The steps that were taken back, in that order. */
    readonly compensated: readonly string[],
    /** The steps that could not be taken back. */
    readonly failed: readonly FailedUndo[],
    { resolution, left = [], ...options }: SagaFailedErrorOptions = {},
  ) {
    const isByHand = state === 'compensated' && resolution !== undefined;
    super(
      isByHand
        ? describeClosed(saga, key, step)
        : describe(saga, key, step, state, compensated, failed, left),
      options,
    );
    this.outcome = state === 'compensated' && !isByHand && left.length === 0 ? 'not-applied' : 'unknown';
    this.left = left;
    this.resolution = isByHand ? resolution : undefined;
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
    /** Its name. */
    readonly step: string,
    /** How long it may take, in milliseconds. */
    readonly timeoutMs: number,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `Step ${step} did not end within ${timeoutMs} ms. Hand \`signal\` to what it calls, and raise \`timeoutMs\` where that takes longer.`,
      options,
    );
  }
}

/**
 * A saga was stopped that had not failed; `cause` is what its step had failed with before, if anything.
 *
 * @public
 */
export class SagaStoppedError extends DatabaseError {
  override readonly name = 'SagaStoppedError';
  readonly code = 'SAGA_STOPPED';
  readonly retryable = false;

  constructor(
    /** `late`: its deadline has passed. */
    readonly why: 'cancelled' | 'late',
    options?: DatabaseErrorOptions,
  ) {
    super(
      why === 'cancelled'
        ? 'The saga was cancelled, so what it had done is taken back. Start it under another key if it is wanted after all.'
        : 'The deadline of the saga has passed. See what took so long, or raise `deadlineMs`.',
      options,
    );
  }
}

/**
 * A step, or the saga, has returned something that would come back as something else after a crash.
 *
 * @public
 */
export class StepOutputError extends DatabaseError {
  override readonly name = 'StepOutputError';
  readonly code = 'SAGA_OUTPUT';
  readonly retryable = false;

  constructor(
    /** Where in it, such as `items[2].price`; empty for the value itself. */
    readonly path: string,
    /** What is wrong with it. */
    readonly problem: string,
  ) {
    super(
      `What a step has returned cannot be recorded: ${path === '' ? 'it' : `\`${path}\``} ${problem} Return what later steps and the undo need, in texts and numbers.`,
    );
  }
}

/**
 * The transaction of a step was rolled back because the step itself has asked for that, so it has done nothing.
 *
 * @public
 */
export class RolledBackStepError extends DatabaseError {
  override readonly name = 'RolledBackStepError';
  readonly code = 'UNEXPECTED_ROLLBACK';
  readonly retryable = false;

  constructor(
    /** Its name. */
    readonly step: string,
  ) {
    super(
      `Step ${step} has called \`setRollbackOnly()\` and then ended well, so nothing of it is left. Throw instead: a \`PermanentError\` where no repetition helps.`,
    );
  }
}

/**
 * A saga with this key was started before, with another input. That one is not touched.
 *
 * @public
 */
export class SagaKeyConflictError extends DatabaseError {
  override readonly name = 'SagaKeyConflictError';
  readonly code = 'SAGA_KEY_CONFLICT';
  readonly retryable = false;

  constructor(
    /** Its name. */
    readonly saga: string,
    /** What both were started under. */
    readonly key: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `Saga ${saga} was started with the key ${key} before, and with another input. Make the key of what tells the two apart.`,
      options,
    );
  }
}

/**
 * There is no such saga.
 *
 * @public
 */
export class SagaNotFoundError extends DatabaseError {
  override readonly name = 'SagaNotFoundError';
  readonly code = 'SAGA_NOT_FOUND';
  readonly retryable = false;

  constructor(
    /** Its name. */
    readonly saga: string,
    /** What was asked for. */
    readonly key: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `There is no saga ${saga} with the key ${key}. Either it was never started, or its transaction was rolled back, or it ended so long ago that it was removed.`,
      options,
    );
  }
}

/**
 * What was asked for can only be done to a saga in another state; nothing was changed.
 *
 * @public
 */
export class SagaStateError extends DatabaseError {
  override readonly name = 'SagaStateError';
  readonly code = 'SAGA_STATE';
  readonly retryable = false;

  constructor(
    /** Its name. */
    readonly saga: string,
    /** What was asked for. */
    readonly key: string,
    /** Why it cannot be done; a full sentence. */
    readonly reason: string,
    options?: DatabaseErrorOptions,
  ) {
    super(`Saga ${saga} with the key ${key}: ${reason}`, options);
  }
}

/**
 * A saga of the application has other steps than the same version of it had when it was first seen. Sagas under way could end
 * half done by the one list and half by the other, so none is begun.
 *
 * @public
 */
export class SagaDefinitionChangedError extends DatabaseError {
  override readonly name = 'SagaDefinitionChangedError';
  readonly code = 'SAGA_DEFINITION_CHANGED';
  readonly retryable = false;

  constructor(
    /** Such as `place-order 2`. */
    readonly sagas: readonly string[],
    options?: DatabaseErrorOptions,
  ) {
    super(
      `The steps of ${sagas.join(', ')} differ from those that the same version had before. Raise \`version\`, and keep a class with the old steps and the old version for as long as sagas of it are under way.`,
      options,
    );
  }
}

/**
 * A saga was taken over again and again without coming to an end: something in it ends its process, or its connection. It was
 * left as it stood, and goes on from there when it is retried.
 *
 * @public
 */
export class SagaRecoveryLimitError extends DatabaseError {
  override readonly name = 'SagaRecoveryLimitError';
  readonly code = 'SAGA_RECOVERY_LIMIT';
  readonly retryable = false;
  override readonly outcome = 'unknown';

  constructor(
    /** How often it was taken over. */
    readonly recoveries: number,
    /** How often it may be. */
    readonly limit: number,
    /** Where it was going: forward, or back. */
    readonly direction: Direction = 'do',
  ) {
    super(
      `The saga was taken over ${recoveries} times, ${limit} are allowed. Look at its last step, then retry it, or close it by hand.`,
    );
  }
}

/**
 * A saga was run inside of a transaction, which it would hold, and which it would not be rolled back with.
 *
 * @public
 */
export class SagaInTransactionError extends DatabaseError {
  override readonly name = 'SagaInTransactionError';
  readonly code = 'TRANSACTION_FORBIDDEN';
  readonly retryable = false;

  constructor(
    /** Its name. */
    readonly saga: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `Saga ${saga} was run inside of a transaction, and has transactions of its own. Call \`enqueue\`, which begins it with the commit, or run it before or after.`,
      options,
    );
  }
}

function describeClosed(saga: string, key: string, step: string | undefined): string {
  const what = step === undefined ? 'was ended' : `failed at step ${step}`;
  return `Saga ${saga} with the key ${key} ${what}, was dead, and was closed by hand. See \`resolution\` for what is left of it.`;
}

function describe(
  saga: string,
  key: string,
  step: string | undefined,
  state: 'compensated' | 'dead',
  compensated: readonly string[],
  failed: readonly FailedUndo[],
  standing: readonly string[],
): string {
  const what = step === undefined ? 'was ended' : `failed at step ${step}`;
  const none = standing.length === 0 ? 'Nothing had to be taken back.' : 'Nothing was taken back.';
  const back = compensated.length === 0 ? none : `Taken back: ${compensated.join(', ')}.`;
  if (state === 'compensated') {
    const rest =
      standing.length === 0 ? '' : ` Done, or in doubt, without a way back: ${standing.join(', ')}.`;
    return `Saga ${saga} with the key ${key} ${what}. ${back}${rest}`;
  }
  const left =
    failed.length === 0
      ? 'There is no way back after the pivot.'
      : `${back} Not taken back: ${failed.map((each) => each.step).join(', ')}.`;
  return `Saga ${saga} with the key ${key} ${what}, and is dead. ${left} Look at the cause, then retry or resolve it.`;
}
