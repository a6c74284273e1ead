import { AmbientValue } from '../common/ambient-value.js';
import { PrismaSession } from './prisma-session.js';
import type { TransactionConnection } from './transaction-connection.js';

/** Knows on behalf of which transaction the caller runs, as far as the pool is concerned. */
export class TransactionFlow {
  private readonly storage = new AmbientValue<TransactionConnection>();
  /** Set only while Prisma begins its side of a transaction: whoever else asks meanwhile borrows for itself. */
  private readonly forPrisma = new AmbientValue<TransactionConnection>();
  private readonly handedOut = new WeakSet<TransactionConnection>();

  current(): TransactionConnection | undefined {
    return this.storage.get();
  }

  /** The caller's transaction, or the one around it, that has not ended: work that starts the next one would hold them all. */
  open(): TransactionConnection | undefined {
    let open = this.current();
    while (open?.ended === true) open = open.outer;
    return open;
  }

  run<Result>(transaction: TransactionConnection, work: () => Promise<Result>): Promise<Result> {
    return this.storage.run(transaction, work);
  }

  runForPrisma<Result>(transaction: TransactionConnection, work: () => Promise<Result>): Promise<Result> {
    return this.forPrisma.run(transaction, work);
  }

  /** The session that Prisma is to have for the transaction it begins; it asks for it once. */
  sessionForPrisma(): PrismaSession | undefined {
    const transaction = this.forPrisma.get();
    if (transaction === undefined || this.handedOut.has(transaction)) return undefined;
    this.handedOut.add(transaction);
    return new PrismaSession(transaction, () => this.current() === transaction);
  }
}
