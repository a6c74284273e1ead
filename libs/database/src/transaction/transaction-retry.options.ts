import type { BackoffSchedule } from '../common/backoff.js';
import type { OptionValidator } from '../config/option-validator.js';

/**
 * How a transaction is repeated that PostgreSQL has rolled back for the sake of another one.
 *
 * @public
 */
export interface TransactionRetryOptions {
  /**
   * How often it is tried at most, the first time included. Range: [1, 100].
   *
   * @defaultValue 3
   */
  readonly attempts?: number | undefined;
  /**
   * The longest pause after the first failure, in milliseconds; the real one is anything between nothing and this, and
   * the limit doubles with every failure. Range: [0, 60 000].
   *
   * @defaultValue 20
   */
  readonly initialDelayMs?: number | undefined;
  /**
   * What the pause grows to at most, in milliseconds. Range: [0, 60 000].
   *
   * @defaultValue 1_000 (1 second)
   */
  readonly maxDelayMs?: number | undefined;
  /**
   * No further attempt begins later than this after the first one has begun, in milliseconds. Range: [1, 3 600 000].
   *
   * @defaultValue 10_000 (10 seconds)
   */
  readonly deadlineMs?: number | undefined;
}

/**
 * Checked and completed.
 *
 * @internal
 */
export interface ResolvedTransactionRetry extends BackoffSchedule {
  readonly attempts: number;
  readonly deadlineMs: number;
}

export const DEFAULT_TRANSACTION_RETRY: ResolvedTransactionRetry = {
  attempts: 3,
  initialDelayMs: 20,
  maxDelayMs: 1_000,
  factor: 2,
  deadlineMs: 10_000,
};

const KNOWN = ['attempts', 'initialDelayMs', 'maxDelayMs', 'deadlineMs'];
const DELAY = { min: 0, max: 60_000 };

export function resolveTransactionRetry(
  value: unknown,
  validator: OptionValidator,
  defaults: ResolvedTransactionRetry,
): ResolvedTransactionRetry {
  if (value === undefined) return defaults;
  if (value === false) return { ...defaults, attempts: 1 };
  const given = validator.object(value, 'retry', KNOWN);
  const integer = (key: keyof ResolvedTransactionRetry, range: { min: number; max: number }) =>
    validator.integer(given[key], `retry.${key}`, defaults[key], range);
  return {
    attempts: integer('attempts', { min: 1, max: 100 }),
    initialDelayMs: integer('initialDelayMs', DELAY),
    maxDelayMs: integer('maxDelayMs', DELAY),
    factor: defaults.factor,
    deadlineMs: integer('deadlineMs', { min: 1, max: 3_600_000 }),
  };
}
