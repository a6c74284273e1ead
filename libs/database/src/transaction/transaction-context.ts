import { AsyncLocalStorage } from 'node:async_hooks';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type { TransactionScope } from './transaction-scope.js';

/**
 * Carries the open transaction of one connection along asynchronous calls.
 *
 * @internal
 */
export class TransactionContext {
  private readonly storage = new AsyncLocalStorage<TransactionScope | undefined>();

  /**
   * The transaction the caller runs in, if any.
   *
   * @throws {@link TransactionScopeClosedError} when that transaction has ended: going on outside would break its promise
   */
  current(): TransactionScope | undefined {
    const scope = this.storage.getStore();
    if (scope?.part.state === 'closed') throw new TransactionScopeClosedError();
    return scope;
  }

  /** Whether the caller runs in a transaction that is still open; never throws. */
  isInside(): boolean {
    return this.storage.getStore()?.part.state === 'open';
  }

  /**
   * Runs `work` inside `scope`. The inner function awaits: a Prisma promise is lazy, and one returned from `work` would
   * otherwise start after the storage has been left, on a connection of its own.
   */
  run<Result>(scope: TransactionScope, work: () => Promise<Result>): Promise<Result> {
    return this.storage.run(scope, async () => await work());
  }

  /** Runs `work` outside of any transaction. */
  leave<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.storage.run(undefined, async () => await work());
  }
}
