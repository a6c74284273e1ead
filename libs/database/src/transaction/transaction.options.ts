import type { OptionValidator } from '../config/option-validator.js';
import { PROPAGATIONS, type Propagation } from './propagation.js';
import {
  DEFAULT_TRANSACTION_RETRY,
  resolveTransactionRetry,
  type ResolvedTransactionRetry,
  type TransactionRetryOptions,
} from './transaction-retry.options.js';

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
 * What became of a transaction whose COMMIT was not answered.
 *
 * @public
 */
export type CommitStatus = 'committed' | 'aborted' | 'unknown';

/**
 * Finds out what became of the transaction, by looking for what it has written, for instance. It runs outside of any
 * transaction and may be called when the database is still away; what it throws counts as `unknown`.
 *
 * @public
 */
export type CommitVerifier = () => Promise<CommitStatus>;

/**
 * How a transaction is run; what is not given comes from the module's `transaction` options.
 *
 * @public
 */
export interface TransactionOptions {
  /**
   * What the call does about the transaction it is made in.
   *
   * @defaultValue `REQUIRED`
   */
  readonly propagation?: Propagation | undefined;
  /**
   * What it is called in errors, warnings and events, such as `orders.place`.
   *
   * @defaultValue the name of the function, or of the method that is decorated
   */
  readonly name?: string | undefined;
  /**
   * Isolation of the transaction. A call that joins a running transaction may only repeat the one it was begun with.
   *
   * @defaultValue the server's `default_transaction_isolation`, `ReadCommitted` unless changed
   */
  readonly isolationLevel?: IsolationLevel | undefined;
  /**
   * Whether PostgreSQL refuses writes in it. A call that joins may only repeat what the transaction was begun with.
   *
   * @defaultValue false
   */
  readonly readOnly?: boolean | undefined;
  /**
   * Settings of the server for this transaction alone, such as `{ 'app.tenant': id }` for row-level security; the next
   * user of the connection does not see them. A call that joins may only repeat those that the transaction has.
   *
   * @defaultValue none
   */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /**
   * How long the transaction may run before it is rolled back, in milliseconds; the statement that runs then is cancelled
   * on the server. Each attempt has as long. Range: [1, 3 600 000]. A call that joins a running transaction may only
   * repeat the limit it was begun with.
   *
   * @defaultValue 5_000 (5 seconds)
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long its first statement may wait for a connection, in milliseconds. Range: [1, 3 600 000]. It counts where the
   * transaction begins; a call that joins one has its connection already.
   *
   * @defaultValue 2_000 (2 seconds), or `pool.acquireTimeoutMs` where that is shorter
   */
  readonly maxWaitMs?: number | undefined;
  /**
   * How the whole transaction is repeated when PostgreSQL has rolled it back for the sake of another one: serialization
   * failures and deadlocks. Only the call that has begun it repeats it. `false` tries once.
   *
   * @defaultValue `{ attempts: 3 }`
   */
  readonly retry?: TransactionRetryOptions | false | undefined;
  /**
   * Finds out whether a COMMIT took effect whose answer was lost. `xid` asks PostgreSQL, by the transaction's id; that is
   * read without a round trip, but gives also a transaction that only reads an id. A function asks in your own way, when
   * the server has ended the transaction; where that cannot be known, its `aborted` counts as `unknown`.
   *
   * @defaultValue nobody is asked: {@link CommitOutcomeUnknownError} is thrown
   */
  readonly verify?: 'xid' | CommitVerifier | undefined;
}

/**
 * The options of one transaction, checked and completed.
 *
 * @internal
 */
export interface ResolvedTransactionOptions {
  readonly propagation: Propagation;
  /** Undefined leaves the naming to the caller. */
  readonly name: string | undefined;
  /** Undefined leaves it to the server's default. */
  readonly isolationLevel: IsolationLevel | undefined;
  readonly readOnly: boolean;
  readonly settings: Readonly<Record<string, string>>;
  /** In milliseconds. */
  readonly timeoutMs: number;
  /** In milliseconds. */
  readonly maxWaitMs: number;
  readonly retry: ResolvedTransactionRetry;
  readonly verify: 'xid' | CommitVerifier | undefined;
}

export const DEFAULT_TRANSACTION_OPTIONS = {
  propagation: 'REQUIRED',
  name: undefined,
  isolationLevel: undefined,
  readOnly: false,
  settings: {},
  timeoutMs: 5_000,
  maxWaitMs: 2_000,
  retry: DEFAULT_TRANSACTION_RETRY,
  verify: undefined,
} as const satisfies ResolvedTransactionOptions;

/** The range of every duration of a transaction, in milliseconds. */
export const TRANSACTION_DURATION = { min: 1, max: 3_600_000 };

const KNOWN = [
  'propagation', 'name', 'isolationLevel', 'readOnly', 'settings', 'timeoutMs', 'maxWaitMs', 'retry', 'verify',
]; // prettier-ignore

/** Checks the options of one call, and completes them from `defaults`. */
export function resolveTransactionOptions(
  value: unknown,
  validator: OptionValidator,
  defaults: ResolvedTransactionOptions = DEFAULT_TRANSACTION_OPTIONS,
): ResolvedTransactionOptions {
  return completeTransactionOptions(validator.object(value, '', KNOWN), validator, defaults);
}

/** Completes options whose names have been checked. */
export function completeTransactionOptions(
  options: Readonly<Record<string, unknown>>,
  validator: OptionValidator,
  defaults: ResolvedTransactionOptions,
): ResolvedTransactionOptions {
  const { isolationLevel, timeoutMs, maxWaitMs } = options;
  return {
    propagation: validator.oneOf(options.propagation, 'propagation', defaults.propagation, PROPAGATIONS),
    name: validator.text(options.name, 'name', defaults.name),
    isolationLevel: validator.oneOf(
      isolationLevel,
      'isolationLevel',
      defaults.isolationLevel,
      ISOLATION_LEVELS,
    ),
    readOnly: validator.boolean(options.readOnly, 'readOnly', defaults.readOnly),
    settings: readSettings(options.settings, validator, defaults.settings),
    timeoutMs: validator.integer(timeoutMs, 'timeoutMs', defaults.timeoutMs, TRANSACTION_DURATION),
    maxWaitMs: validator.integer(maxWaitMs, 'maxWaitMs', defaults.maxWaitMs, TRANSACTION_DURATION),
    retry: resolveTransactionRetry(options.retry, validator, defaults.retry),
    verify: readVerify(options.verify, validator, defaults.verify),
  };
}

const SETTING_NAME = /^[a-z_][\w$]*(?:\.[a-z_][\w$]*)*$/i;

function readSettings(
  value: unknown,
  validator: OptionValidator,
  fallback: ResolvedTransactionOptions['settings'],
): ResolvedTransactionOptions['settings'] {
  if (value === undefined) return fallback;
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const given = validator.object(value, 'settings', names);
  for (const [name, setting] of Object.entries(given)) {
    if (!SETTING_NAME.test(name)) validator.reject(`settings.${name}`, 'is no name of a setting.');
    // Its value may be a secret. Undefined must not become a tenant of that name.
    if (typeof setting !== 'string') validator.reject(`settings.${name}`, 'is no text.');
  }
  return given as Record<string, string>;
}

function readVerify(
  value: unknown,
  validator: OptionValidator,
  fallback: ResolvedTransactionOptions['verify'],
): ResolvedTransactionOptions['verify'] {
  if (typeof value === 'function') return value as CommitVerifier;
  return value === undefined
    ? fallback
    : validator.oneOf<'xid', undefined>(value, 'verify', undefined, ['xid']);
}
