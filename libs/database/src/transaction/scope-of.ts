import type { TransactionManager } from './transaction-manager.js';
import type { TransactionPart } from './transaction-scope.js';

/**
 * The transaction, or the savepoint of it, that the caller runs in: the same object for all that run in it.
 *
 * @throws {@link TransactionScopeClosedError} when that transaction has ended
 */
export function scopeOf(transactions: TransactionManager): TransactionPart | undefined {
  // Private to its users, and not to the library.
  return transactions['context'].current()?.part;
}
