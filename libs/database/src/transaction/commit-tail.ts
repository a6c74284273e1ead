import { scopeOf } from './scope-of.js';
import type { CommitTail } from './tail-entry.js';
import type { TransactionManager } from './transaction-manager.js';
import { TransactionRequiredError } from './transaction.errors.js';

/**
 * Has `item` written together with the caller's transaction, in the write that its COMMIT is sent in: it costs no round trip,
 * and it is there if, and only if, the transaction is. What a `NESTED` part or an attempt has added goes with it when that is
 * rolled back.
 *
 * @param operation - the call this is a part of, for the error
 * @throws {@link TransactionRequiredError} outside of any transaction
 * @throws {@link TransactionScopeClosedError} when the transaction has ended
 */
export function addToCommit<Item>(
  transactions: TransactionManager,
  operation: string,
  by: CommitTail<Item>,
  item: Item,
): void {
  const part = scopeOf(transactions);
  if (part === undefined) throw new TransactionRequiredError(operation);
  (part.tail ??= []).push({ by, item });
}
