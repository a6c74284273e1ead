import { AmbientValue } from '../common/ambient-value.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type { PartCall } from './part-call.js';
import type { TransactionPart, TransactionScope } from './transaction-scope.js';

/**
 * Carries the open transaction of one connection along asynchronous calls.
 *
 * @internal
 */
export class TransactionContext {
  private readonly storage = new AmbientValue<TransactionScope | undefined>();
  /** The call that the running code is in: in the hook of an extension. */
  private readonly inCall = new AmbientValue<PartCall>();

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

  /** The transaction the caller runs in, whether it is open or has ended. */
  entered(): TransactionScope | undefined {
    return this.storage.get();
  }

  /** Whether the caller runs in a transaction that is still open; never throws. */
  isInside(): boolean {
    return this.storage.get()?.part.closed === false;
  }

  /**
   * Begins a call of `scope` when it would fall into no savepoint: after the inner part that runs. A call within a call
   * begins at once, as the inner part waits for the outer one of them.
   *
   * @throws {@link TransactionScopeClosedError} when the scope has ended
   */
  call<Result>(scope: TransactionScope, begin: () => PromiseLike<Result>): Promise<Result> {
    const { part } = this.within(scope);
    return !part.closed && this.mayBegin(part) ? this.track(part, begin) : this.callLater(part, begin);
  }

  /** Whether a call of `part` falls into no savepoint; one within a call does not, as an inner part waits for that. */
  mayBegin(part: TransactionPart): boolean {
    return part.inner.isFree(false) || part.inner.isFree(this.isInCallOf(part));
  }

  /** Resolves when it may; rejects when the part has ended by then. */
  whenFree(part: TransactionPart): Promise<void> {
    return part.inner.whenFree(this.isInCallOf(part));
  }

  /** Whether the caller is in a call of `part` that is under way, and may wait for it. */
  isInCallOf(part: TransactionPart): boolean {
    return this.callIn(part) !== undefined;
  }

  /** The call of `part` that the caller is in, and that may wait for it. */
  callIn(part: TransactionPart): PartCall | undefined {
    const call = this.inCall.get();
    return call?.part === part && call.isUnderWay ? call : undefined;
  }

  private track<Result>(part: TransactionPart, begin: () => PromiseLike<Result>): Promise<Result> {
    const call = part.inner.beginCall(part, this.callIn(part));
    return this.inCall.run(call, () => call.settle(begin));
  }

  private async callLater<Result>(part: TransactionPart, begin: () => PromiseLike<Result>): Promise<Result> {
    await this.whenFree(part);
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
