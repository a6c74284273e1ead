import { hooksFailedChannel, longChannel, retryRefusedChannel } from './transaction.events.js';
import type { PhysicalTransaction } from './transaction-scope.js';

/** Where a connection tells of transactions that want attention. */
export interface TransactionWatchSettings {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** In milliseconds; 0 switches the warning off. */
  readonly warnAfterMs: number;
  readonly warn: (line: string) => void;
}

/** Where every transaction has the same to say, one of them says it. */
const QUIET_MS = 10_000;

/** Tells of transactions that last too long, and of hooks that fail. */
export class TransactionWatch {
  private quietUntil = 0;

  constructor(private readonly settings: TransactionWatchSettings) {}

  /** @returns how to stop watching it */
  follow(transaction: PhysicalTransaction): () => void {
    const { connection, warnAfterMs, warn } = this.settings;
    if (warnAfterMs === 0 || warnAfterMs >= transaction.options.timeoutMs) return () => undefined;
    let timer: NodeJS.Timeout | undefined;
    const look = () => {
      const { name, session } = transaction;
      const { statements, heldMs } = session;
      if (heldMs < warnAfterMs) {
        arm(warnAfterMs - heldMs);
        return;
      }
      longChannel.publish({ connection, name, runningMs: warnAfterMs, statements });
      warn(
        `Transaction ${name} has held a connection for ${warnAfterMs} ms (statements so far: ${statements}), and its ` +
          'locks. Keep waits for other systems out of it, or do less in it.',
      );
    };
    const arm = (afterMs: number) => {
      timer = setTimeout(look, Math.ceil(afterMs));
      timer.unref();
    };
    arm(warnAfterMs);
    return () => {
      clearTimeout(timer);
    };
  }

  /** @param attempt - the one that failed, counted from 1 */
  retryRefused(name: string, attempt: number, error: unknown): void {
    const { connection, warn } = this.settings;
    retryRefusedChannel.publish({ connection, name, attempt, error });
    if (performance.now() < this.quietUntil) return;
    this.quietUntil = performance.now() + QUIET_MS;
    warn(
      `Transaction ${name} was not repeated after attempt ${attempt}: too many are. Conflicts are the rule and not the ` +
        'exception here: lock rows in one order, make transactions shorter, or raise transaction.retryBudget.',
    );
  }

  hooksFailed(name: string, outcome: 'commit' | 'rollback', failures: readonly unknown[]): void {
    if (failures.length === 0) return;
    const { connection, warn } = this.settings;
    const error = new AggregateError(failures, `${failures.length} hooks of transaction ${name} failed.`);
    hooksFailedChannel.publish({ connection, name, error });
    const reasons = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
    warn(
      `After the ${outcome} of transaction ${name}, which stands, hooks have failed: ${reasons.join(' | ')}`,
    );
  }
}
