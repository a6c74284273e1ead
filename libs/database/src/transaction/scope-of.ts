import type { AmbientTransactionManager } from './ambient-transaction-manager.js';
import type { TransactionManager } from './transaction-manager.js';
import type { PhysicalTransaction, TransactionPart, TransactionScope } from './transaction-scope.js';

/**
 * The transaction, or the savepoint of it, that the caller runs in: the same object for all that run in it.
 *
 * @throws {@link TransactionScopeClosedError} when that transaction has ended
 */
export function scopeOf(transactions: TransactionManager): TransactionPart | undefined {
  return currentOf(transactions)?.part;
}

/**
 * The whole of the transaction that the caller runs in.
 *
 * @throws {@link TransactionScopeClosedError} when that transaction has ended
 */
export function transactionOf(transactions: TransactionManager): PhysicalTransaction | undefined {
  return currentOf(transactions)?.transaction;
}

function currentOf(transactions: TransactionManager): TransactionScope | undefined {
  // The library makes no other; its users see the class above.
  return (transactions as AmbientTransactionManager).context.current();
}
