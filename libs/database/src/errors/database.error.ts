import type { ErrorCode } from './error-codes.js';

/**
 * What is known about the effect of the failed operation.
 *
 * `not-applied`: nothing was changed, a repetition is safe. `applied`: it took effect before the failure.
 * `unknown`: the answer was lost; only the data can tell.
 *
 * @public
 */
export type ErrorOutcome = 'not-applied' | 'applied' | 'unknown';

/**
 * The store an error is about, by its logical name; never a URL, so that no secret can travel in it.
 *
 * @public
 */
export interface ErrorTarget {
  /** The product. */
  readonly kind: 'postgres' | 'redis' | 'sqlite';
  /** Name of the connection as registered, `default` unless named. */
  readonly connection: string;
}

/**
 * What every error of the library may be given.
 *
 * @public
 */
export interface DatabaseErrorOptions extends ErrorOptions {
  readonly target?: ErrorTarget;
  /** How long the operation had run when it failed, in milliseconds. */
  readonly elapsedMs?: number;
}

/**
 * Base of every error the library raises on its own account; `code` is stable, the message is not.
 *
 * The message says what happened, with the figures, then what to do. It never holds SQL parameters, row contents
 * or secrets. The driver's own error, where there is one, is the `cause`.
 *
 * @public
 */
export abstract class DatabaseError extends Error {
  abstract readonly code: ErrorCode;
  /** Whether a repetition may succeed and does no harm. Unknown failures are not retryable. */
  abstract readonly retryable: boolean;
  /** What is known about the operation's effect. */
  readonly outcome: ErrorOutcome = 'not-applied';
  readonly target?: ErrorTarget;
  /** How long the operation had run when it failed, in milliseconds. */
  readonly elapsedMs?: number;

  constructor(message: string, options: DatabaseErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    if (options.target !== undefined) this.target = options.target;
    if (options.elapsedMs !== undefined) this.elapsedMs = options.elapsedMs;
  }
}

/** The store's name for people: the product, and the connection unless it is the default one. */
export function describeTarget(target: ErrorTarget | undefined): string {
  if (target === undefined) return 'The database';
  const product = { postgres: 'PostgreSQL', redis: 'Redis', sqlite: 'SQLite' }[target.kind];
  return target.connection === 'default' ? product : `${product} (connection "${target.connection}")`;
}
