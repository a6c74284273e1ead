import { TransactionStarvationError } from '../transaction/transaction.errors.js';
import type { TransactionConnection } from './transaction-connection.js';

/** Somebody who waits for a connection. */
export interface Waiter {
  readonly reject: (error: Error) => void;
  /** On behalf of which transaction; it may get a connection of its own only later, from other work of the same function. */
  readonly caller: TransactionConnection | undefined;
}

/** Everybody who waits for a connection of a pool, and what they hold meanwhile. */
export class WaitingRoom {
  private readonly waiters = new Set<Waiter>();

  constructor(
    private readonly pool: { readonly options: { readonly max: number }; readonly idleCount: number },
  ) {}

  /**
   * Lets somebody in.
   *
   * @param caller - the transaction on whose behalf that is, which may hold nothing so far
   * @throws {TransactionStarvationError} for a wait that would never end: every connection is held by transactions that wait
   *   for one more, the caller's included
   */
  enter(reject: (error: Error) => void, caller: TransactionConnection | undefined): Waiter {
    const starvation = holds(caller) ? this.starvation(held(caller)) : undefined;
    if (starvation !== undefined) throw starvation;
    const waiter = { reject, caller };
    this.waiters.add(waiter);
    return waiter;
  }

  isWaiting(waiter: Waiter): boolean {
    return this.waiters.has(waiter);
  }

  /** @returns whether it was still there */
  leave(waiter: Waiter): boolean {
    return this.waiters.delete(waiter);
  }

  refuseAll(error: () => Error): void {
    for (const waiter of [...this.waiters]) this.refuse(waiter, error());
  }

  /**
   * Looks whether somebody waits on behalf of a transaction that has got a connection only now, and by that for a connection
   * that nobody will give back; one of them is refused then.
   */
  begun(transaction: TransactionConnection): void {
    for (const waiter of this.waiters) {
      if (!isWithin(waiter.caller, transaction)) continue;
      const starvation = this.starvation([transaction]);
      if (starvation !== undefined) this.refuse(waiter, starvation);
      return;
    }
  }

  /**
   * Puts the last in the queue in front of all that hold no connection, where it holds one: those would otherwise use up what
   * the pool has left, one after the other, while its other connections lie idle in transactions that wait behind them.
   */
  letPass({ caller }: Waiter): void {
    if (!holds(caller)) return;
    // Not part of pg-pool's interface; pinned by `mixed-propagation.int-spec.ts`.
    const { _pendingQueue: queue } = this.pool as unknown as { readonly _pendingQueue: unknown[] };
    let before = -1;
    for (const waiter of this.waiters) if (holds(waiter.caller)) before += 1;
    queue.splice(Math.min(before, queue.length - 1), 0, queue.pop());
  }

  private refuse(waiter: Waiter, error: Error): void {
    if (this.waiters.delete(waiter)) waiter.reject(error);
  }

  /** @param holding - the transactions that are about to wait as well, or that have just got what they hold */
  private starvation(holding: readonly TransactionConnection[]): TransactionStarvationError | undefined {
    if (this.pool.idleCount > 0) return undefined;
    const { max } = this.pool.options;
    const stuck = new Set(holding);
    for (const { caller } of this.waiters) for (const each of held(caller)) stuck.add(each);
    if (stuck.size < max) return undefined;
    const holders = [...stuck].map(({ options, ageMs }) => ({ name: options.name, ageMs }));
    return new TransactionStarvationError(max, holders);
  }
}

/** Whether a caller runs in a transaction, or in one that is begun inside of it. */
function isWithin(caller: TransactionConnection | undefined, transaction: TransactionConnection): boolean {
  let each = caller;
  while (each !== undefined && each !== transaction) each = each.outer;
  return each !== undefined;
}

function holds(caller: TransactionConnection | undefined): boolean {
  let each = caller;
  while (each?.begun === false) each = each.outer;
  return each !== undefined;
}

/** The transactions with a connection that a caller runs in, from the inside out: while it waits, they wait as well. */
function held(caller: TransactionConnection | undefined): TransactionConnection[] {
  const holding: TransactionConnection[] = [];
  for (let each = caller; each !== undefined; each = each.outer) if (each.begun) holding.push(each);
  return holding;
}
