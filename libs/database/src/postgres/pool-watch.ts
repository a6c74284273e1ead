import type { CallTrace } from '../common/call-trace.js';
import type { DatabaseClient } from './database-client.js';

/** A connection in somebody's hands. */
export interface Loan {
  /** When it was handed out, by `performance.now()`. */
  readonly since: number;
  /** Where it was borrowed; only kept for borrowers that may forget to give it back. */
  readonly trace: CallTrace | undefined;
}

interface WatchedLoan extends Loan {
  bytesReceived: number;
  progressAt: number;
  reported: boolean;
}

/** What the watch looks for; 0 switches a limit off. */
export interface PoolWatchLimits {
  /** How long a server may be silent while a statement waits, in milliseconds. */
  readonly silentMs: number;
  /** How long a connection may be held before its borrower is named, in milliseconds. */
  readonly leakMs: number;
  /** How often to look, in milliseconds. */
  readonly everyMs: number;
}

/**
 * Looks after connections that are lent out, with one timer for all of them that runs only while there are any.
 *
 * A connection whose server says nothing while a statement waits is cut: neither PostgreSQL's `statement_timeout` nor
 * TCP keep-alive ends such a wait, because the server is the one that hangs, and unacknowledged data is retried for a
 * quarter of an hour (cockroachdb/cockroach#13823).
 */
export class PoolWatch {
  private readonly loans = new Map<DatabaseClient, WatchedLoan>();
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = 0;

  constructor(
    private readonly limits: PoolWatchLimits,
    private readonly reportLeak: (client: DatabaseClient, loan: Loan, heldMs: number) => void,
  ) {}

  /** How long the longest loan has lasted, in milliseconds; undefined while nothing is lent. */
  longestHoldMs(): number | undefined {
    // A map keeps the order of insertion, so the first loan is the oldest.
    for (const { since } of this.loans.values()) return performance.now() - since;
    return undefined;
  }

  /** How many connections are lent out. */
  get lent(): number {
    return this.loans.size;
  }

  lend(client: DatabaseClient, trace: Loan['trace']): void {
    const now = performance.now();
    const { bytesReceived } = client;
    this.loans.set(client, { since: now, trace, bytesReceived, progressAt: now, reported: false });
    if (this.timer !== undefined) return;
    this.lookedAt = now;
    this.timer = setInterval(() => {
      this.look();
    }, this.limits.everyMs).unref();
  }

  /** How long it was held, in milliseconds; undefined when it was not lent. */
  takeBack(client: DatabaseClient): number | undefined {
    const loan = this.loans.get(client);
    if (loan === undefined) return undefined;
    this.loans.delete(client);
    return performance.now() - loan.since;
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    // Stopped here and not at each return: a busy pool would start and stop it all the time.
    if (this.loans.size === 0) {
      this.stop();
      return;
    }
    const now = performance.now();
    const { silentMs, leakMs, everyMs } = this.limits;
    // While the process was stopped or busy it could not listen, and timers come before the answers that wait to be read.
    const deafMs = now - this.lookedAt > 2 * everyMs ? now - this.lookedAt - everyMs : 0;
    this.lookedAt = now;
    for (const [client, loan] of this.loans) {
      if (leakMs > 0 && !loan.reported && now - loan.since >= leakMs) {
        loan.reported = true;
        this.reportLeak(client, loan, now - loan.since);
      }
      if (silentMs > 0) cutWhenSilent(client, loan, now, silentMs, deafMs);
    }
  }
}

function cutWhenSilent(
  client: DatabaseClient,
  loan: WatchedLoan,
  now: number,
  silentMs: number,
  deafMs: number,
): void {
  const { bytesReceived, waiting, lastCallAt } = client;
  if (!waiting || bytesReceived !== loan.bytesReceived) {
    loan.bytesReceived = bytesReceived;
    loan.progressAt = now;
    return;
  }
  const silentSince = Math.min(now, Math.max(loan.progressAt, lastCallAt) + deafMs);
  loan.progressAt = silentSince;
  if (now - silentSince >= silentMs) client.cutSilent(silentMs);
}
