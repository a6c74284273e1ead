import type { OptionValidator } from '../config/option-validator.js';
import type { RetryBudgetLimits } from '../resilience/retry-budget.js';
import {
  completeTransactionOptions,
  type ResolvedTransactionOptions,
  type TransactionOptions,
} from './transaction.options.js';

/**
 * What all transactions of a connection have in common.
 *
 * @public
 */
export interface TransactionDefaults extends Pick<
  TransactionOptions,
  'isolationLevel' | 'timeoutMs' | 'maxWaitMs' | 'retry'
> {
  /**
   * How long a transaction may hold a connection before a warning names it, in milliseconds; 0 switches the warning off.
   * Range: [0, 3 600 000].
   *
   * @defaultValue 2_000 (2 seconds)
   */
  readonly warnAfterMs?: number | undefined;
  /** How many transactions of the connection are repeated at most, however many fail. */
  readonly retryBudget?: RetryBudgetOptions | undefined;
}

/**
 * What repetitions may add to the load when most transactions fail; beyond it they fail with what they were rolled back for.
 * It allows the greater one of both figures.
 *
 * @public
 */
export interface RetryBudgetOptions {
  /**
   * Of the transactions of the last 10 seconds, in percent. Range: [0, 10 000].
   *
   * @defaultValue 10
   */
  readonly percent?: number | undefined;
  /**
   * Allowed each second in any case, on average over 10 seconds. Range: [0, 100 000].
   *
   * @defaultValue 50
   */
  readonly minPerSecond?: number | undefined;
}

/**
 * Checked and completed.
 *
 * @internal
 */
export interface ResolvedTransactionDefaults extends ResolvedTransactionOptions {
  readonly warnAfterMs: number;
  readonly retryBudget: RetryBudgetLimits;
}

const KNOWN = ['isolationLevel', 'timeoutMs', 'maxWaitMs', 'retry', 'warnAfterMs', 'retryBudget'];
const DEFAULT_WARN_AFTER_MS = 2_000;
/** What few conflicts cost is no storm: a server that commits 500 transactions a second repeats 50 without noticing. */
const DEFAULT_RETRY_BUDGET: RetryBudgetLimits = { percent: 10, minPerSecond: 50 };

export function resolveTransactionDefaults(
  value: unknown,
  validator: OptionValidator,
  defaults: ResolvedTransactionOptions,
): ResolvedTransactionDefaults {
  const given = validator.object(value, '', KNOWN);
  const range = { min: 0, max: 3_600_000 };
  return {
    ...completeTransactionOptions(given, validator, defaults),
    warnAfterMs: validator.integer(given.warnAfterMs, 'warnAfterMs', DEFAULT_WARN_AFTER_MS, range),
    retryBudget: resolveRetryBudget(given.retryBudget, validator),
  };
}

function resolveRetryBudget(value: unknown, validator: OptionValidator): RetryBudgetLimits {
  const given = validator.object(value ?? {}, 'retryBudget', ['percent', 'minPerSecond']);
  const integer = (key: keyof RetryBudgetLimits, max: number) =>
    validator.integer(given[key], `retryBudget.${key}`, DEFAULT_RETRY_BUDGET[key], { min: 0, max });
  return { percent: integer('percent', 10_000), minPerSecond: integer('minPerSecond', 100_000) };
}
