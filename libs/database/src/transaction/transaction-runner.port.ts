import type { TransactionClientLike } from '../client/database-register.js';
import type { ResolvedTransactionOptions } from './transaction.options.js';

/**
 * Opens physical transactions. Callback-shaped, because Prisma shows no BEGIN and COMMIT of its own.
 *
 * @internal
 */
export interface TransactionRunner {
  /** Commits when `work` resolves, rolls back when it rejects, and settles like `work`. */
  runInTransaction<Result>(
    options: ResolvedTransactionOptions,
    work: (client: TransactionClientLike) => Promise<Result>,
  ): Promise<Result>;
}
