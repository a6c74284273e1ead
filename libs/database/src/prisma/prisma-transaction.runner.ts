import type {
  ClientLike,
  ClientTransactionOptions,
  TransactionClientLike,
} from '../client/database-register.js';
import type { DatabasePool } from '../postgres/database-pool.js';
import type { TransactionRunner } from '../transaction/transaction-runner.port.js';
import type { ResolvedTransactionOptions } from '../transaction/transaction.options.js';

/** Runs transactions as Prisma's interactive ones, always on the most extended client. */
export class PrismaTransactionRunner implements TransactionRunner {
  constructor(
    private readonly client: ClientLike,
    private readonly pool: DatabasePool,
  ) {}

  runInTransaction<Result>(
    { isolationLevel, timeoutMs, maxWaitMs }: ResolvedTransactionOptions,
    work: (client: TransactionClientLike, connection: unknown) => Promise<Result>,
  ): Promise<Result> {
    // A fresh object for each call: Prisma 7.10.0 writes into it.
    const options: ClientTransactionOptions = { timeout: timeoutMs, maxWait: maxWaitMs };
    if (isolationLevel !== undefined) options.isolationLevel = isolationLevel;
    return this.pool.observeBorrowing((connection) =>
      this.client.$transaction((client) => work(client, connection), options),
    );
  }
}
