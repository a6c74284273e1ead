import type { ClientLike, TransactionClientLike } from '../client/database-register.js';
import type { DatabasePool } from '../postgres/database-pool.js';
import { askTransactionStatus } from '../postgres/transaction-status.js';
import type { CommitStatus, TransactionRunner } from '../transaction/transaction-runner.port.js';
import type {
  TransactionSession,
  TransactionSessionOptions,
} from '../transaction/transaction-session.port.js';

/** Both limits are kept by the session, which also cancels what runs; Prisma's would only roll back behind it. */
const PRISMA_LIMIT_MS = 2 ** 31 - 1;

/** Runs transactions as Prisma's interactive ones, always on the most extended client. */
export class PrismaTransactionRunner implements TransactionRunner {
  constructor(
    private readonly client: ClientLike,
    private readonly pool: DatabasePool,
  ) {}

  runInTransaction<Result>(
    options: TransactionSessionOptions,
    work: (client: TransactionClientLike, session: TransactionSession) => Promise<Result>,
  ): Promise<Result> {
    return this.pool.runTransaction(options, (session) =>
      this.client.$transaction(
        (client) => work(client, session),
        // A fresh object for each call: Prisma 7.10.0 writes into it.
        { timeout: PRISMA_LIMIT_MS, maxWait: PRISMA_LIMIT_MS },
      ),
    );
  }

  statusOf(transactionId: string, signal: AbortSignal): Promise<CommitStatus> {
    return askTransactionStatus(this.pool, transactionId, signal);
  }
}
