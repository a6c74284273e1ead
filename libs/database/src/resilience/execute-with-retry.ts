import { untilAborted } from '../common/abort.js';
import { fullJitter } from '../common/backoff.js';
import { systemClock, type Clock } from '../common/clock.js';
import { DatabaseError, recordAttempts } from '../errors/database.error.js';
import { thrownBy } from '../fault/diagnosis.js';
import { classifyFault, translateError } from '../fault/translate-error.js';
import { asOneAttempt, isInsideAttempt } from './retry-scope.js';
import { resolveRetryOptions, type ResolvedRetryOptions, type RetryOptions } from './retry.options.js';

/**
 * Runs `operation` and repeats it after failures that are worth it: those that are `retryable` and certainly changed
 * nothing (`outcome` `not-applied`). Everything else, above all what is not recognised, is thrown at once.
 *
 * The operation runs as a whole again: give it a whole transaction, not a part of one. Inside a transaction of
 * `TransactionManager`, and inside another retry, it is tried once, as only the outermost unit may be repeated.
 *
 * The error thrown is that of the last attempt, as its class of the taxonomy, with `attempts` and `elapsedMs` over all
 * of them. Errors of your own code pass unchanged and are never repeated, also those whose `cause` is a database error
 * that would be: what the code did between the two is not known. Let the database error pass to have it repeated.
 *
 * @throws {@link InvalidOptionsError} when the options are wrong; nothing was run
 * @throws the signal's reason when it is aborted; an attempt that is under way goes on and may still take effect
 *
 * @example
 * const order = await executeWithRetry(() => orders.place(cart), { name: 'orders.place', attempts: 5 });
 *
 * @public
 */
export async function executeWithRetry<Result>(
  operation: (attempt: number) => Promise<Result>,
  options: RetryOptions,
): Promise<Result> {
  return await retry(operation, resolveRetryOptions(options), { clock: systemClock, random: Math.random });
}

/** What a test replaces. */
export interface RetryEnvironment {
  readonly clock: Clock;
  readonly random: () => number;
}

export async function retry<Result>(
  operation: (attempt: number) => Promise<Result>,
  options: ResolvedRetryOptions,
  { clock, random }: RetryEnvironment,
): Promise<Result> {
  const { name, signal, deadlineMs, onRetry } = options;
  const attempts = isInsideAttempt() ? 1 : options.attempts;
  const started = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await untilAborted(
        asOneAttempt(() => operation(attempt)),
        signal,
      );
    } catch (thrown) {
      signal?.throwIfAborted();
      const elapsedMs = Math.round(clock.now() - started);
      const error = translateOwn(thrown, name);
      const delayMs = fullJitter(attempt, options, random);
      const isLast = attempt >= attempts || elapsedMs + delayMs > deadlineMs;
      if (isLast || !isWorthRepeating(error)) {
        if (error instanceof DatabaseError) recordAttempts(error, attempt, elapsedMs);
        throw error;
      }
      onRetry?.({ name, attempt, attempts, delayMs, error });
      await clock.sleep(delayMs, signal);
    }
  }
}

/** Judged by the error itself: an exception of the application is an answer to the failure that it wraps. */
function isWorthRepeating(error: unknown): boolean {
  if (thrownBy(error) === 'unknown') return false;
  const { retryable, outcome } = classifyFault(error);
  return retryable && outcome === 'not-applied';
}

/** Puts the library's class in the place of what a driver threw; what may be the application's own stays. */
function translateOwn(error: unknown, operation: string): unknown {
  const source = thrownBy(error);
  return source === 'unknown' || source === 'network' ? error : translateError(error, { operation });
}
