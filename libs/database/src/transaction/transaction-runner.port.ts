import type { TransactionClientLike } from '../client/database-register.js';
import type { CommitStatus } from './transaction.options.js';
import type { TransactionSession, TransactionSessionOptions } from './transaction-session.port.js';

/**
 * The client of one transaction.
 *
 * @internal
 */
export interface TransactionClientSource {
  /** It, once it is there. */
  readonly started: TransactionClientLike | undefined;
  /** Brings it about, once. */
  start(): Promise<TransactionClientLike>;
}

/**
 * Opens transactions. Callback-shaped, because Prisma's are.
 *
 * @internal
 */
export interface TransactionRunner {
  /**
   * Settles like `work`, which ends the session itself.
   *
   * @param work - gets the client that speaks on the session's connection
   */
  runInTransaction<Result>(
    options: TransactionSessionOptions,
    work: (clients: TransactionClientSource, session: TransactionSession) => Promise<Result>,
  ): Promise<Result>;
  /** Asks the database what became of a transaction; `unknown` when it does not know, or cannot be asked. */
  statusOf(transactionId: string, signal: AbortSignal): Promise<CommitStatus>;
  /** Waits until the database has ended a transaction, which was begun with `findBy: 'session'`; false when it cannot be known. */
  hasEnded(transactionId: string, signal: AbortSignal): Promise<boolean>;
}

export type { CommitStatus } from './transaction.options.js';
