import { setTimeout as delay } from 'node:timers/promises';
import type { CallTrace } from '../common/call-trace.js';
import { fullJitter } from '../common/backoff.js';
import { ConnectionLostError } from '../errors/connection.errors.js';
import { DatabaseError, recordAttempts } from '../errors/database.error.js';
import type { ErrorCode } from '../errors/error-codes.js';
import { thrownBy } from '../fault/diagnosis.js';
import { classifyFault, translateError } from '../fault/translate-error.js';
import type { CommitOutcomeUnknownError } from '../errors/outcome.errors.js';
import { cancellationSignal, cancelOnAbort } from '../resilience/cancel-on-abort.js';
import { asOneAttempt, isInsideAttempt } from '../resilience/retry-scope.js';
import { verifyCommit } from './commit-verification.js';
import { isInDoubt, TransactionAttempt, type AttemptSettings } from './transaction-attempt.js';
import { isSettledFailure, settleFailure } from './settled-failure.js';
import type { PhysicalTransaction } from './transaction-scope.js';
import { endChannel, retryChannel, type TransactionEndEvent } from './transaction.events.js';
import { RolledBackAsAsked, UnexpectedRollbackError } from './transaction.errors.js';
import type { ResolvedTransactionOptions } from './transaction.options.js';

/** PostgreSQL has rolled the transaction back, or never let it begin, for the sake of another one. */
const WORTH_REPEATING = new Set<ErrorCode>(['SERIALIZATION_FAILURE', 'DEADLOCK', 'TRANSACTION_STARVATION']);

/** Begins transactions, repeats them, and finds out what became of them: what only the call may do that began one. */
export class TransactionOwner {
  constructor(private readonly settings: AttemptSettings) {}

  async run<Result>(
    { name, trace, around }: Beginner,
    options: ResolvedTransactionOptions,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const attempts = isInsideAttempt() ? 1 : options.retry.attempts;
    const { retryBudget, watch } = this.settings;
    const started = performance.now();
    retryBudget.call();
    for (let number = 1; ; number += 1) {
      const attempt = new TransactionAttempt<Result>(this.settings, name, number, options, trace, around);
      const begun = performance.now();
      const end = await this.settle(attempt, options, work);
      this.publish(attempt, { name, attempt: number, durationMs: performance.now() - begun, ...end });
      await this.runHooks(name, attempt, end);
      if (end.outcome === 'committed') return end.result;
      const { error } = end;
      if (error instanceof RolledBackAsAsked) return error.result as Result;
      const elapsedMs = performance.now() - started;
      const delayMs = fullJitter(number, options.retry);
      const isLast = number >= attempts || elapsedMs + delayMs > options.retry.deadlineMs;
      const isRepeatable = !isLast && end.outcome !== 'unknown' && isWorthRepeating(attempt, end);
      const isAllowed = isRepeatable && retryBudget.take();
      if (isRepeatable && !isAllowed) watch.retryRefused(name, number, error);
      if (!isAllowed) {
        // The transaction around one that has got no connection holds the one it has waited for: that helps.
        if (classifyFault(error).code !== 'TRANSACTION_STARVATION') settleFailure(error);
        if (error instanceof DatabaseError) recordAttempts(error, number, Math.round(elapsedMs));
        throw error;
      }
      const { connection } = this.settings;
      retryChannel.publish({ connection, name, attempt: number, delayMs, error });
      const signal = cancellationSignal();
      await delay(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw error;
      });
    }
  }

  private async settle<Result>(
    attempt: TransactionAttempt<Result>,
    options: ResolvedTransactionOptions,
    work: () => Promise<Result>,
  ): Promise<End<Result>> {
    try {
      return { outcome: 'committed', result: await asOneAttempt(() => attempt.run(work)) };
    } catch (thrown) {
      const error = translateOwn(thrown, attempt.phase);
      // That of an inner transaction says nothing about this one, which it has made roll back.
      if (attempt.phase !== 'commit' || !isInDoubt(error)) return { outcome: 'rolled-back', error };
      const id = attempt.transaction?.session.transactionId;
      // Also for a caller that has gone: what became of the transaction is not its affair alone.
      const status = await cancelOnAbort(undefined, () =>
        verifyCommit(options.verify, id, this.settings.runner),
      );
      if (status === 'committed') return { outcome: 'committed', result: attempt.result as Result };
      if (status === 'unknown') return { outcome: 'unknown', error };
      const { connection } = this.settings;
      const { reason, target = { kind: 'postgres', connection } } = error as CommitOutcomeUnknownError;
      const lost = new ConnectionLostError(undefined, reason, { cause: error, target });
      return { outcome: 'rolled-back', error: lost, verified: true };
    }
  }

  private async runHooks<Result>(
    name: string,
    { hooks }: TransactionAttempt<Result>,
    end: End<Result>,
  ): Promise<void> {
    // Of an outcome that nobody knows, neither kind of hook would be right.
    if (hooks === undefined || hooks.empty || end.outcome === 'unknown') return;
    const committed = end.outcome === 'committed';
    const settled = committed ? { committed } : { committed, cause: causeOf(end.error) };
    // Also for a caller that has gone: the transaction has ended as it has.
    const failures = await cancelOnAbort(undefined, () => hooks.run(settled));
    this.settings.watch.hooksFailed(name, committed ? 'commit' : 'rollback', failures);
  }

  private publish(
    { transaction }: TransactionAttempt<unknown>,
    event: Omit<TransactionEndEvent, 'connection' | 'statements'>,
  ): void {
    if (!endChannel.hasSubscribers) return;
    const { name, outcome, attempt, durationMs, error } = event;
    const { connection } = this.settings;
    const statements = transaction?.session.statements ?? 0;
    endChannel.publish({
      connection,
      name,
      outcome,
      attempt,
      statements,
      durationMs,
      ...(causeOf(error) !== undefined && { error: causeOf(error) }),
    });
  }
}

/** Who begins a transaction. */
export interface Beginner {
  readonly name: string;
  readonly trace: CallTrace | undefined;
  /** The transaction that waits for it. */
  readonly around?: PhysicalTransaction | undefined;
}

type End<Result> =
  | { readonly outcome: 'committed'; readonly result: Result }
  | {
      readonly outcome: 'rolled-back' | 'unknown';
      readonly error: unknown;
      /** Whether the database has said so after it had been in doubt. */
      readonly verified?: true;
    };

function causeOf(error: unknown): unknown {
  return error instanceof RolledBackAsAsked ? undefined : error;
}

/**
 * Judged by what the database did to the transaction, and by what the work made of it: a failure that the work has answered
 * with something else is its own decision.
 */
function isWorthRepeating(
  { transaction, phase }: TransactionAttempt<unknown>,
  { error, verified }: { readonly error: unknown; readonly verified?: true },
): boolean {
  if (transaction?.hasSideEffect === true) return false;
  if (verified === true || transaction?.session.wasForgotten === true) return true;
  const thrown = error instanceof UnexpectedRollbackError ? error.cause : error;
  if (isSettledFailure(thrown)) return false;
  const { code } = classifyFault(thrown);
  if (code === 'TRANSACTION_STARVATION') return true;
  // A statement that ran outside, or in another transaction, has cost this one nothing.
  return WORTH_REPEATING.has(code) && (phase !== 'execute' || transaction?.session.hasFailed === true);
}

/**
 * Puts the library's class in the place of what Prisma or the server said. Every other error comes from the work, also
 * one of a socket: it may have called another system; and also one around a database error, as that is an answer to it.
 */
function translateOwn(error: unknown, phase: 'begin' | 'execute' | 'commit'): unknown {
  if (error instanceof RolledBackAsAsked) return error;
  const source = thrownBy(error);
  if (source === 'unknown' || source === 'network' || source === 'redis') return error;
  return translateError(error, {
    operation: phase === 'commit' ? 'COMMIT' : 'The transaction',
    phase,
    inTransaction: phase !== 'begin',
  });
}
