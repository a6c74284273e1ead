import { isPlainClient } from '../client/client-extensions.js';
import type { ClientLike } from '../client/database-register.js';
import type { DatabasePool } from '../postgres/database-pool.js';
import { awaitTransactionEnd } from '../postgres/transaction-end.js';
import { askTransactionStatus } from '../postgres/transaction-status.js';
import type {
  CommitStatus,
  TransactionClientSource,
  TransactionRunner,
} from '../transaction/transaction-runner.port.js';
import type {
  TransactionSession,
  TransactionSessionOptions,
} from '../transaction/transaction-session.port.js';
import { PrismaBinding } from './prisma-binding.js';

/** Runs transactions on connections of the pool; Prisma takes part as soon as it is asked for, with the most extended client. */
export class PrismaTransactionRunner implements TransactionRunner {
  /** Methods of an extension may return anything, at once: for them the client has to be there from the beginning. */
  private readonly startsAtOnce: boolean;

  constructor(
    private readonly client: ClientLike,
    private readonly pool: DatabasePool,
  ) {
    this.startsAtOnce = !isPlainClient(client);
  }

  runInTransaction<Result>(
    options: TransactionSessionOptions,
    work: (clients: TransactionClientSource, session: TransactionSession) => Promise<Result>,
  ): Promise<Result> {
    return this.pool.runTransaction(options, async (session, inSession) => {
      const binding = new PrismaBinding(this.client, inSession);
      try {
        if (this.startsAtOnce) await binding.start();
        return await work(binding, session);
      } finally {
        const ending = binding.end();
        // Each turn costs as much as a small query does in the client.
        if (ending !== undefined) await ending;
      }
    });
  }

  statusOf(transactionId: string, signal: AbortSignal): Promise<CommitStatus> {
    return askTransactionStatus(this.pool, transactionId, signal);
  }

  hasEnded(transactionId: string, signal: AbortSignal): Promise<boolean> {
    return awaitTransactionEnd(this.pool, transactionId, signal);
  }
}
