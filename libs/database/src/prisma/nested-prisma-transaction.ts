import type { TransactionClientLike } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { refuseConflict, type JoiningWishes } from '../transaction/joining.js';
import { runNested } from '../transaction/nested-transaction.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import type { TransactionScope } from '../transaction/transaction-scope.js';
import {
  ISOLATION_LEVELS,
  TRANSACTION_DURATION,
  type ResolvedTransactionOptions,
} from '../transaction/transaction.options.js';
import { isBound } from './wrapped-promise.js';

type Work = (client: TransactionClientLike) => Promise<unknown>;
export type NestedTransaction = (
  work: Work | readonly PromiseLike<unknown>[],
  options?: unknown,
) => Promise<unknown>;

/**
 * `$transaction` inside a transaction: a savepoint on the same connection. Options that a savepoint cannot have are
 * refused before anything is sent; `maxWait` is kept in any case, as there is no connection to wait for.
 *
 * Prisma runs an array of queries on the root client's connection even when it is handed to a transaction's client
 * (7.10), so the array is run here, one after the other: its queries are bound to the transaction already.
 *
 * @param isHandedQueries - whether the caller holds queries that it has not made itself
 */
export function nestedTransaction(
  context: TransactionContext,
  scope: TransactionScope,
  isHandedQueries: boolean,
  clientOf: (scope: TransactionScope) => TransactionClientLike,
): NestedTransaction {
  return async (work, options) => {
    refuseConflict(scope.options, readWishes(options, scope.options), 'timeout');
    if (typeof work !== 'function' && !isHandedQueries) refuseForeign(work);
    // A client that is used further in than where it was handed out begins its part there.
    return await runNested(context, context.within(scope), 'PrismaService.$transaction', async () => {
      // In its own part by now.
      if (typeof work === 'function') return await work(clientOf(context.current() ?? scope));
      const results: unknown[] = [];
      for (const query of work) results.push(await query);
      return results;
    });
  };
}

/** Prisma's own `$transaction`, which would take queries of a transaction out of it. */
export function refusingBound(whole: NestedTransaction): NestedTransaction {
  return (work, options) => {
    const bound = Array.isArray(work) ? work.findIndex(isBound) : -1;
    if (bound < 0) return whole(work, options);
    const error = InvalidOptionsError.at(
      'PrismaService.$transaction',
      String(bound),
      'was made inside of a transaction, and would run outside of it. Make the query where it is to run.',
    );
    return Promise.reject(error);
  };
}

/** @throws {@link InvalidOptionsError} for queries that were made outside, and would be sent outside, each on its own */
function refuseForeign(queries: readonly PromiseLike<unknown>[]): void {
  const foreign = [...queries].findIndex((query) => !isBound(query));
  if (foreign < 0) return;
  throw InvalidOptionsError.at(
    'PrismaService.$transaction',
    String(foreign),
    'was made outside of the transaction, and would run outside of it. Make the query inside.',
  );
}

/** @throws {@link InvalidOptionsError} for an option that Prisma does not have, instead of dropping it */
function readWishes(options: unknown, running: ResolvedTransactionOptions): JoiningWishes {
  const validator = new OptionValidator();
  const read = validator.object(options, 'options', ['isolationLevel', 'timeout', 'maxWait']);
  const wishes = {
    isolationLevel: validator.oneOf(
      read.isolationLevel,
      'options.isolationLevel',
      undefined,
      ISOLATION_LEVELS,
    ),
    timeoutMs: validator.integer(read.timeout, 'options.timeout', running.timeoutMs, TRANSACTION_DURATION),
  };
  validator.integer(read.maxWait, 'options.maxWait', 0, TRANSACTION_DURATION);
  if (validator.violations.length === 0) return wishes;
  throw new InvalidOptionsError('PrismaService.$transaction', validator.violations);
}
