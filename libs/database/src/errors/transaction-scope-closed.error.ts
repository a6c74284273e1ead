import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';

/**
 * Something reached the database on behalf of a transaction that had already ended.
 *
 * @public
 */
export class TransactionScopeClosedError extends DatabaseError {
  override readonly name = 'TransactionScopeClosedError';
  readonly code = 'TRANSACTION_SCOPE_CLOSED';
  readonly retryable = false;

  constructor(options?: DatabaseErrorOptions) {
    super(
      'A query was sent after its transaction had ended, so it was refused: it would have run outside. ' +
        'Await everything that is started inside `transactions.run(...)`, or start later work outside of it.',
      options,
    );
  }
}
