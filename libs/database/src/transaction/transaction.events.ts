import { channel } from 'node:diagnostics_channel';

/**
 * A transaction is about to send COMMIT.
 *
 * @public
 */
export interface TransactionCommittingEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** What the transaction was called in its options, or the name of its function. */
  readonly name: string;
}

/**
 * An attempt at a transaction has ended.
 *
 * @public
 */
export interface TransactionEndEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** What the transaction was called in its options, or the name of its function. */
  readonly name: string;
  /** What became of it. */
  readonly outcome: 'committed' | 'rolled-back' | 'unknown';
  /** Counted from 1. */
  readonly attempt: number;
  /** How many statements it has sent. */
  readonly statements: number;
  /** From its beginning to its end, in milliseconds. */
  readonly durationMs: number;
  /** Why it was not committed. */
  readonly error?: unknown;
}

/**
 * A transaction was rolled back for the sake of another one, and is about to be repeated.
 *
 * @public
 */
export interface TransactionRetryEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** What the transaction was called in its options, or the name of its function. */
  readonly name: string;
  /** The attempt that failed, counted from 1. */
  readonly attempt: number;
  /** The pause before the next one, in milliseconds. */
  readonly delayMs: number;
  /** What it was rolled back for. */
  readonly error: unknown;
}

/**
 * A transaction was rolled back for the sake of another one, and is not repeated, as `transaction.retryBudget` is used up.
 *
 * @public
 */
export interface TransactionRetryRefusedEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** What the transaction was called in its options, or the name of its function. */
  readonly name: string;
  /** The attempt that failed, counted from 1. */
  readonly attempt: number;
  /** What it was rolled back for. */
  readonly error: unknown;
}

/**
 * A transaction has held its connection for longer than `transaction.warnAfterMs`.
 *
 * @public
 */
export interface TransactionLongEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** What the transaction was called in its options, or the name of its function. */
  readonly name: string;
  /** How long it has been running so far, in milliseconds. */
  readonly runningMs: number;
  /** How many statements it has sent so far. */
  readonly statements: number;
}

/**
 * Functions given to `afterCommit` or `afterRollback` have failed, which changes nothing about the transaction.
 *
 * @public
 */
export interface TransactionHooksFailedEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** What the transaction was called in its options, or the name of its function. */
  readonly name: string;
  /** All that they threw. */
  readonly error: AggregateError;
}

/**
 * The diagnostics channels of transactions (`node:diagnostics_channel`); nothing is published while nobody listens.
 *
 * @public
 */
export const TRANSACTION_CHANNELS = {
  committing: 'nestjs-database:transaction:committing',
  end: 'nestjs-database:transaction:end',
  retry: 'nestjs-database:transaction:retry',
  retryRefused: 'nestjs-database:transaction:retry-refused',
  long: 'nestjs-database:transaction:long',
  hooksFailed: 'nestjs-database:transaction:hooks-failed',
} as const;

export const committingChannel = channel(TRANSACTION_CHANNELS.committing);
export const endChannel = channel(TRANSACTION_CHANNELS.end);
export const retryChannel = channel(TRANSACTION_CHANNELS.retry);
export const retryRefusedChannel = channel(TRANSACTION_CHANNELS.retryRefused);
export const longChannel = channel(TRANSACTION_CHANNELS.long);
export const hooksFailedChannel = channel(TRANSACTION_CHANNELS.hooksFailed);
