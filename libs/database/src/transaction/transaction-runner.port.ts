import type { TransactionClientLike } from '../client/database-register.js';
import type { CommitStatus } from './transaction.options.js';
import type { TransactionSession, TransactionSessionOptions } from './transaction-session.port.js';

/**
 * Opens transactions. Callback-shaped, because Prisma's are.
 *
 * @internal
 */
export interface TransactionRunner {
  /**
   * Settles like `work`, which ends the session itself.
   *
   * @param work - gets a client that speaks on the session's connection
   */
  runInTransaction<Result>(
    options: TransactionSessionOptions,
    work: (client: TransactionClientLike, session: TransactionSession) => Promise<Result>,
  ): Promise<Result>;
  /** Asks the database what became of a transaction; `unknown` when it does not know, or cannot be asked. */
  statusOf(transactionId: string, signal: AbortSignal): Promise<CommitStatus>;
}

export type { CommitStatus } from './transaction.options.js';
