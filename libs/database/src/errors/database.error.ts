import type { ErrorCode } from './error-codes.js';
import { safeCause } from './safe-cause.js';

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
 * or secrets, and neither does anything else that is shown when the error is logged: a driver's error becomes the
 * `cause` with its name, its codes and its stack, and without PostgreSQL's `detail`, Redis' arguments and free text.
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
  /** How long the operation had run when it failed, in milliseconds; over all attempts where it was repeated. */
  readonly elapsedMs?: number;
  /** How often it was tried, where it was repeated. */
  readonly attempts?: number;
  readonly #cause: unknown;

  constructor(message: string, options: DatabaseErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: safeCause(options.cause) } : undefined);
    this.#cause = options.cause;
    if (options.target !== undefined) this.target = options.target;
    if (options.elapsedMs !== undefined) this.elapsedMs = options.elapsedMs;
  }

  /**
   * What the driver threw, untouched. It may hold rows, parameters and secrets: for a debugger or a test, not for a log.
   */
  driverError(): unknown {
    return this.#cause;
  }

  /**
   * Prisma puts an error of its own in the place of one with a `code` that comes out of the pool, and copies `meta`
   * only (7.10); this is how the error itself gets through.
   *
   * @internal
   */
  get meta(): { readonly databaseError: DatabaseError } {
    return { databaseError: this };
  }
}

/** Writes down on the last error of a repeated operation how often it was tried and how long that took. */
export function recordAttempts(error: DatabaseError, attempts: number, elapsedMs: number): void {
  // A frozen error goes without.
  if (!Object.isExtensible(error)) return;
  Object.assign(error, { attempts, elapsedMs });
}

/** The store's name for people: the product, and the connection unless it is the default one. */
export function describeTarget(target: ErrorTarget | undefined): string {
  if (target === undefined) return 'The database';
  const product = { postgres: 'PostgreSQL', redis: 'Redis', sqlite: 'SQLite' }[target.kind];
  return target.connection === 'default' ? product : `${product} (connection "${target.connection}")`;
}
