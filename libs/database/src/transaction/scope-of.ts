import type { TransactionManager } from './transaction-manager.js';
import type { TransactionScope } from './transaction-context.js';

/**
 * The transaction the caller runs in: the same object for all that run in it.
 *
 * @throws {@link TransactionScopeClosedError} when that transaction has ended
 */
export function scopeOf(transactions: TransactionManager): TransactionScope | undefined {
  // Private to its users, and not to the library.
  return transactions['context'].current();
}
