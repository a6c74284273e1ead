import type { OptionValidator } from '../config/option-validator.js';

/**
 * PostgreSQL's isolation levels in Prisma's spelling. `ReadUncommitted` behaves as `ReadCommitted` there.
 *
 * @public
 */
export const ISOLATION_LEVELS = [
  'ReadUncommitted',
  'ReadCommitted',
  'RepeatableRead',
  'Serializable',
] as const;

/**
 * One of {@link ISOLATION_LEVELS}.
 *
 * @public
 */
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

/**
 * How a transaction is run; what is not given comes from the module's `transaction` options.
 *
 * @public
 */
export interface TransactionOptions {
  /**
   * Isolation of the transaction. A call that joins a running transaction may only repeat the one it was begun with.
   *
   * @defaultValue the server's `default_transaction_isolation`, `ReadCommitted` unless changed
   */
  readonly isolationLevel?: IsolationLevel | undefined;
  /**
   * How long the transaction may run before it is rolled back, in milliseconds. Range: [1, 3 600 000]. A call that
   * joins a running transaction may only repeat the limit it was begun with.
   *
   * @defaultValue 5_000 (5 seconds)
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long the transaction may wait for a connection, in milliseconds. Range: [1, 3 600 000]. It counts where the
   * transaction begins; a call that joins one has its connection already.
   *
   * @defaultValue 2_000 (2 seconds), or `pool.acquireTimeoutMs` where that is shorter
   */
  readonly maxWaitMs?: number | undefined;
}

/**
 * The options of one transaction, checked and completed.
 *
 * @internal
 */
export interface ResolvedTransactionOptions {
  /** Undefined leaves it to the server's default. */
  readonly isolationLevel: IsolationLevel | undefined;
  /** In milliseconds. */
  readonly timeoutMs: number;
  /** In milliseconds. */
  readonly maxWaitMs: number;
}

export const DEFAULT_TRANSACTION_OPTIONS = {
  isolationLevel: undefined,
  timeoutMs: 5_000,
  maxWaitMs: 2_000,
} as const satisfies ResolvedTransactionOptions;

/** The range of every duration of a transaction, in milliseconds. */
export const TRANSACTION_DURATION = { min: 1, max: 3_600_000 };

/** Checks the options of one call or of the module, and completes them from `defaults`. */
export function resolveTransactionOptions(
  value: unknown,
  validator: OptionValidator,
  defaults: ResolvedTransactionOptions = DEFAULT_TRANSACTION_OPTIONS,
): ResolvedTransactionOptions {
  const options = validator.object(value, '', ['isolationLevel', 'timeoutMs', 'maxWaitMs']);
  return {
    isolationLevel: validator.oneOf(
      options.isolationLevel,
      'isolationLevel',
      defaults.isolationLevel,
      ISOLATION_LEVELS,
    ),
    timeoutMs: validator.integer(options.timeoutMs, 'timeoutMs', defaults.timeoutMs, TRANSACTION_DURATION),
    maxWaitMs: validator.integer(options.maxWaitMs, 'maxWaitMs', defaults.maxWaitMs, TRANSACTION_DURATION),
  };
}
