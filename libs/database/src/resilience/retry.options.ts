import type { BackoffSchedule } from '../common/backoff.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';

/**
 * A repetition that is about to begin.
 *
 * @public
 */
export interface RetryEvent {
  /** The operation's name. */
  readonly name: string;
  /** The attempt that failed, counted from 1. */
  readonly attempt: number;
  /** How many attempts there are at most. */
  readonly attempts: number;
  /** The pause before the next attempt, in milliseconds. */
  readonly delayMs: number;
  /** Why the attempt failed. */
  readonly error: unknown;
}

/**
 * How an operation is repeated.
 *
 * @public
 */
export interface RetryOptions {
  /** What the operation does, such as `orders.place`; used in errors and events. */
  readonly name: string;
  /**
   * How often it is tried at most, the first time included. Range: [1, 100].
   *
   * @defaultValue 3
   */
  readonly attempts?: number;
  /**
   * The longest pause after the first failure, in milliseconds; the real one is anything between nothing and this, so
   * that callers who fail together do not come back together. Range: [0, 600 000].
   *
   * @defaultValue 100
   */
  readonly initialDelayMs?: number;
  /**
   * What the pause grows to at most, in milliseconds. Range: [0, 600 000].
   *
   * @defaultValue 2_000 (2 seconds)
   */
  readonly maxDelayMs?: number;
  /**
   * By how much the pause grows with every failure. Range: [1, 10].
   *
   * @defaultValue 2
   */
  readonly factor?: number;
  /**
   * No further attempt begins later than this after the start, in milliseconds. A running attempt is not cut off.
   * Range: [1, 3 600 000].
   *
   * @defaultValue no limit
   */
  readonly deadlineMs?: number;
  /** Ends the retry, in the middle of an attempt or of a pause, with the signal's reason. The attempt itself goes on. */
  readonly signal?: AbortSignal;
  /** Called before every pause. What it throws ends the retry and reaches the caller. */
  readonly onRetry?: (event: RetryEvent) => void;
}

/** Checked and completed. */
export interface ResolvedRetryOptions extends BackoffSchedule {
  readonly name: string;
  readonly attempts: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
}

export const DEFAULT_RETRY_OPTIONS = {
  attempts: 3,
  initialDelayMs: 100,
  maxDelayMs: 2_000,
  factor: 2,
} as const;
const KNOWN = [
  'name', 'attempts', 'initialDelayMs', 'maxDelayMs', 'factor', 'deadlineMs', 'signal', 'onRetry',
]; // prettier-ignore
const DELAY = { min: 0, max: 600_000 };

/** @throws {@link InvalidOptionsError} that lists everything that is wrong */
export function resolveRetryOptions(options: RetryOptions): ResolvedRetryOptions {
  const validator = new OptionValidator();
  const given = validator.object(options, '', KNOWN);
  const { attempts, initialDelayMs, maxDelayMs, factor } = DEFAULT_RETRY_OPTIONS;
  const resolved = {
    name: validator.text(given.name, 'name', 'The operation'),
    attempts: validator.integer(given.attempts, 'attempts', attempts, { min: 1, max: 100 }),
    initialDelayMs: validator.integer(given.initialDelayMs, 'initialDelayMs', initialDelayMs, DELAY),
    maxDelayMs: validator.integer(given.maxDelayMs, 'maxDelayMs', maxDelayMs, DELAY),
    factor: validator.number(given.factor, 'factor', factor, { min: 1, max: 10 }),
    deadlineMs: validator.integer(given.deadlineMs, 'deadlineMs', Infinity, { min: 1, max: 3_600_000 }),
    signal: options.signal,
    onRetry: options.onRetry,
  };
  if (validator.violations.length > 0)
    throw new InvalidOptionsError('executeWithRetry', validator.violations);
  return resolved;
}
