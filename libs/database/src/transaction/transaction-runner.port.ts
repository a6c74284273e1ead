import type { TransactionClientLike } from '../client/database-register.js';
import type { ResolvedTransactionOptions } from './transaction.options.js';

/**
 * Opens physical transactions. Callback-shaped, because Prisma shows no BEGIN and COMMIT of its own.
 *
 * @internal
 */
export interface TransactionRunner {
  /**
   * Commits when `work` resolves, rolls back when it rejects, and settles like `work`.
   *
   * @param work - gets the connection too, as the adapter knows it, for statements that do not go through Prisma
   */
  runInTransaction<Result>(
    options: ResolvedTransactionOptions,
    work: (client: TransactionClientLike, connection: unknown) => Promise<Result>,
  ): Promise<Result>;
}
