import type { OptionValidator } from '../config/option-validator.js';
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
}

/**
 * Checked and completed.
 *
 * @internal
 */
export interface ResolvedTransactionDefaults extends ResolvedTransactionOptions {
  readonly warnAfterMs: number;
}

const KNOWN = ['isolationLevel', 'timeoutMs', 'maxWaitMs', 'retry', 'warnAfterMs'];
const DEFAULT_WARN_AFTER_MS = 2_000;

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
  };
}
