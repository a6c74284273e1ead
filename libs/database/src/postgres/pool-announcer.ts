import { describeLeak, framesOf } from './borrow-trace.js';
import type { DatabaseClient } from './database-client.js';
import {
  acquireChannel,
  connectChannel,
  leakChannel,
  releaseChannel,
  removeChannel,
  type PoolRemoveReason,
} from './pool.events.js';
import type { Loan } from './pool-watch.js';

/** Tells the pool's diagnostics channels what happens to its connections, and why one has left. */
export class PoolAnnouncer {
  /** Why connections are about to leave, where it is known before they do. */
  private readonly removals = new WeakMap<DatabaseClient, PoolRemoveReason>();

  /** @param connection - name of the connection as registered */
  constructor(private readonly connection: string) {}

  connected(): void {
    if (connectChannel.hasSubscribers) connectChannel.publish({ connection: this.connection });
  }

  acquired(waitMs: number): void {
    if (acquireChannel.hasSubscribers) acquireChannel.publish({ connection: this.connection, waitMs });
  }

  released(holdMs: number, destroyed: boolean): void {
    if (releaseChannel.hasSubscribers)
      releaseChannel.publish({ connection: this.connection, holdMs, destroyed });
  }

  /** Notes why a connection is about to leave. */
  leaves(client: DatabaseClient, reason: PoolRemoveReason): void {
    this.removals.set(client, reason);
  }

  /** @param otherwise - why it was removed, unless it broke or the reason was noted before */
  removed(client: DatabaseClient, otherwise: PoolRemoveReason): void {
    if (!removeChannel.hasSubscribers) return;
    const reason = this.removals.get(client) ?? (client.broken ? 'lost' : otherwise);
    removeChannel.publish({ connection: this.connection, reason });
  }

  /** @returns a sentence about it */
  leaked(client: DatabaseClient, loan: Loan, heldMs: number): string {
    const leak = {
      connection: this.connection,
      heldMs: Math.round(heldMs),
      inTransaction: client.getTransactionStatus() !== 'I',
      stack: framesOf(loan.trace),
    };
    if (leakChannel.hasSubscribers) leakChannel.publish(leak);
    return describeLeak(leak);
  }
}
