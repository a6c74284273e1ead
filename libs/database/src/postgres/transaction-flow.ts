import { AmbientValue } from '../common/ambient-value.js';
import { TransactionStarvationError } from '../transaction/transaction.errors.js';
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
    return new PrismaSession(transaction);
  }

  /** The caller's transactions that hold a connection, from the inside out: while it waits, they wait as well. */
  held(): TransactionConnection[] {
    const held: TransactionConnection[] = [];
    for (let each = this.current(); each !== undefined; each = each.outer) if (each.begun) held.push(each);
    return held;
  }
}

/**
 * Refuses a wait that would never end: every connection is held by transactions that wait for one more.
 *
 * @param holding - the transactions of the caller that hold a connection
 * @param waiting - those of everybody who waits
 */
export function refuseStarvation(
  holding: readonly TransactionConnection[],
  waiting: Iterable<readonly TransactionConnection[]>,
  max: number,
): TransactionStarvationError | undefined {
  if (holding.length === 0) return undefined;
  const stuck = new Set(holding);
  for (const others of waiting) for (const each of others) stuck.add(each);
  if (stuck.size < max) return undefined;
  const holders = [...stuck].map(({ options, ageMs }) => ({ name: options.name, ageMs }));
  return new TransactionStarvationError(max, holders);
}

/**
 * Puts the last in the queue of `pool` in front of all that hold no connection: those would otherwise use up what the pool
 * has left, one after the other, while its other connections lie idle in transactions that wait behind them.
 *
 * @param waiters - everybody who waits, the last in the queue included
 */
export function letPass(pool: object, waiters: Iterable<{ readonly holding: readonly unknown[] }>): void {
  // Not part of pg-pool's interface; pinned by `mixed-propagation.int-spec.ts`.
  const { _pendingQueue: queue } = pool as { readonly _pendingQueue: unknown[] };
  let before = -1;
  for (const { holding } of waiters) if (holding.length > 0) before += 1;
  queue.splice(Math.min(before, queue.length - 1), 0, queue.pop());
}
