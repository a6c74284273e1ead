import { AsyncLocalStorage } from 'node:async_hooks';
import type { TransactionClientLike } from '../client/database-register.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type { ResolvedTransactionOptions } from './transaction.options.js';

/**
 * One open transaction, as the code that runs in it sees it.
 *
 * @internal
 */
export interface TransactionScope {
  /** Speaks on the transaction's connection. */
  readonly client: TransactionClientLike;
  /** The connection itself, as the adapter knows it: for statements that do not go through Prisma. */
  readonly connection: unknown;
  /** What it was begun with. */
  readonly options: ResolvedTransactionOptions;
  /** Closed as soon as the outermost call settles; work that comes later is refused. */
  state: 'open' | 'closed';
  /** The failure of a call that had joined; set, it forbids the commit. */
  rollbackCause?: unknown;
}

/**
 * Carries the open transaction of one connection along asynchronous calls.
 *
 * @internal
 */
export class TransactionContext {
  private readonly storage = new AsyncLocalStorage<TransactionScope>();

  /**
   * The transaction the caller runs in, if any.
   *
   * @throws {@link TransactionScopeClosedError} when that transaction has ended: going on outside would break its promise
   */
  current(): TransactionScope | undefined {
    const scope = this.storage.getStore();
    if (scope?.state === 'closed') throw new TransactionScopeClosedError();
    return scope;
  }

  /** Runs `work` inside `scope` and closes the scope when it settles. */
  async run<Result>(scope: TransactionScope, work: () => Promise<Result>): Promise<Result> {
    try {
      // The inner function awaits: a Prisma promise is lazy, and one returned from `work` would otherwise start
      // after the storage has been left, on a connection of its own.
      return await this.storage.run(scope, async () => await work());
    } finally {
      scope.state = 'closed';
    }
  }
}
