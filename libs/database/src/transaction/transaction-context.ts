import { AmbientValue } from '../common/ambient-value.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type { TransactionPart, TransactionScope } from './transaction-scope.js';

/**
 * Carries the open transaction of one connection along asynchronous calls.
 *
 * @internal
 */
export class TransactionContext {
  private readonly storage = new AmbientValue<TransactionScope | undefined>();
  /** The part whose call the running code is in: in the hook of an extension. */
  private readonly inCall = new AmbientValue<TransactionPart>();

  /**
   * The transaction the caller runs in, if any.
   *
   * @throws {@link TransactionScopeClosedError} when that transaction has ended: going on outside would break its promise
   */
  current(): TransactionScope | undefined {
    const scope = this.storage.get();
    if (scope?.part.closed === true) throw new TransactionScopeClosedError();
    return scope;
  }

  /** Whether the caller runs in a transaction that is still open; never throws. */
  isInside(): boolean {
    return this.storage.get()?.part.closed === false;
  }

  /**
   * Begins a call of `scope` when it would fall into no savepoint but that of whoever waits for it: an inner part that
   * waits for a call of the outer one takes it in.
   *
   * @throws {@link TransactionScopeClosedError} when the scope has ended
   */
  call<Result>(scope: TransactionScope, begin: () => PromiseLike<Result>): Promise<Result> {
    const { part } = this.within(scope);
    return part.free === undefined && !part.closed ? this.track(part, begin) : this.callLater(part, begin);
  }

  /** Whether the caller is in a call of `part`, which waits for it. */
  isInCallOf(part: TransactionPart): boolean {
    return this.inCall.get() === part;
  }

  private track<Result>(part: TransactionPart, begin: () => PromiseLike<Result>): Promise<Result> {
    return this.inCall.run(part, () => part.track(begin()));
  }

  private async callLater<Result>(part: TransactionPart, begin: () => PromiseLike<Result>): Promise<Result> {
    while (part.free !== undefined) await part.free;
    if (part.closed) throw new TransactionScopeClosedError();
    return await this.track(part, begin);
  }

  /** Where the caller stands, if that is inside of `scope`; `scope` itself otherwise. */
  within(scope: TransactionScope): TransactionScope {
    const current = this.storage.get();
    return current?.part.isWithin(scope.part) === true ? current : scope;
  }

  /**
   * Runs `work` inside `scope`. The inner function awaits: a Prisma promise is lazy, and one returned from `work` would
   * otherwise start after the storage has been left, on a connection of its own.
   */
  run<Result>(scope: TransactionScope, work: () => Promise<Result>): Promise<Result> {
    return this.storage.run(scope, async () => await work());
  }

  /** What is made inside `scope`, such as a timer, calls back inside of it. */
  make<Made>(scope: TransactionScope, make: () => Made): Made {
    return this.storage.run(scope, make);
  }

  /** Runs `work` outside of any transaction. */
  leave<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.storage.run(undefined, async () => await work());
  }
}
