import type { TransactionContext } from './transaction-context.js';
import type { TransactionScope } from './transaction-scope.js';
import type { TransactionSession } from './transaction-session.port.js';

/** A transaction, as a statement finds it that is about to be sent. */
export interface OpenTransaction {
  readonly session: TransactionSession;
  /**
   * Resolves when an inner part has ended, whose savepoint a statement would fall into; undefined where it would not.
   *
   * @throws what has ended the transaction meanwhile
   */
  readonly wait: (() => Promise<void>) | undefined;
}

/** Where in a transaction something was made that runs later: it runs there, or further in, and not after its end. */
export class TransactionPlace {
  constructor(
    private readonly context: TransactionContext,
    private readonly scope: TransactionScope,
  ) {}

  /** What makes two places the same one. */
  get key(): object {
    return this.scope;
  }

  /** Where the caller stands, if that is further in; this place otherwise. */
  here(): TransactionPlace {
    const scope = this.context.within(this.scope);
    return scope === this.scope ? this : new TransactionPlace(this.context, scope);
  }

  /** @throws {@link TransactionScopeClosedError} when the part of the transaction has ended, or what has ended it by force */
  open(): OpenTransaction {
    return openTransaction(this.context, this.context.within(this.scope));
  }
}

/** @throws {@link TransactionScopeClosedError} when the part of the transaction has ended, or what has ended it by force */
export function openTransaction(context: TransactionContext, { part }: TransactionScope): OpenTransaction {
  part.refuseClosed();
  return { session: part.session, wait: context.mayBegin(part) ? undefined : () => context.whenFree(part) };
}
