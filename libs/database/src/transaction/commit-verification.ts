import type { TransactionRunner } from './transaction-runner.port.js';
import type { CommitStatus, ResolvedTransactionOptions } from './transaction.options.js';

/** A server that was restarted is back by then, as a rule. */
const PATIENCE_MS = 10_000;

/** What became of a transaction whose COMMIT was not answered; never rejects. */
export async function verifyCommit(
  verify: ResolvedTransactionOptions['verify'],
  transactionId: string | undefined,
  runner: TransactionRunner,
): Promise<CommitStatus> {
  try {
    if (typeof verify === 'function') {
      // Of a transaction that the server is still committing nothing is to be seen, and what is seen is committed.
      const hasEnded =
        transactionId !== undefined &&
        (await runner.hasEnded(transactionId, AbortSignal.timeout(PATIENCE_MS)));
      const status: unknown = await verify();
      return status === 'committed' || (status === 'aborted' && hasEnded) ? status : 'unknown';
    }
    if (verify === undefined || transactionId === undefined) return 'unknown';
    return await runner.statusOf(transactionId, AbortSignal.timeout(PATIENCE_MS));
  } catch {
    return 'unknown';
  }
}
