import { TransactionTimeoutError } from '../errors/transaction-timeout.error.js';
import { CommitOutcomeUnknownError } from '../errors/outcome.errors.js';
import type { CallTrace } from '../common/call-trace.js';
import type { RetryBudget } from '../resilience/retry-budget.js';
import type { TransactionContext } from './transaction-context.js';
import type { TransactionHooks } from './transaction-hooks.js';
import type { TransactionRunner } from './transaction-runner.port.js';
import { PhysicalTransaction, TransactionPart, TransactionScope } from './transaction-scope.js';
import type { TransactionSession } from './transaction-session.port.js';
import type { TransactionWatch } from './transaction-watch.js';
import { explainFailure, tailOf } from './tail-entry.js';
import { committingChannel } from './transaction.events.js';
import { RolledBackAsAsked, UnexpectedRollbackError } from './transaction.errors.js';
import type { ResolvedTransactionOptions } from './transaction.options.js';

/** By the type of `verify`: PostgreSQL is asked for an id, and a function when the session is done with the transaction. */
const FIND_BY: Readonly<Record<string, 'id' | 'session' | undefined>> = { string: 'id', function: 'session' };

/** What an attempt needs to know of its connection. */
export interface AttemptSettings {
  /** Name of the connection as registered. */
  readonly connection: string;
  readonly runner: TransactionRunner;
  readonly context: TransactionContext;
  readonly watch: TransactionWatch;
  readonly retryBudget: RetryBudget;
  /** Who holds a connection for longer than this is reported, with the place of the call; in milliseconds, 0: nobody is. */
  readonly leakThresholdMs: number;
}

/** One attempt at one transaction, from BEGIN to its end. */
export class TransactionAttempt<Result> {
  /** How far it came; tells what its failure means. */
  phase: 'begin' | 'execute' | 'commit' = 'begin';
  transaction: PhysicalTransaction | undefined;
  hooks: TransactionHooks | undefined;
  /** What the work has resolved with, also where nobody knows what became of the transaction. */
  result: Result | undefined;

  constructor(
    private readonly settings: AttemptSettings,
    private readonly name: string,
    private readonly number: number,
    private readonly options: ResolvedTransactionOptions,
    private readonly trace: CallTrace | undefined,
    private readonly around: PhysicalTransaction | undefined,
  ) {}

  /** Commits when `work` resolves, rolls back when it rejects, and settles like it. */
  run(work: () => Promise<Result>): Promise<Result> {
    const { name, options, trace } = this;
    const { isolationLevel, readOnly, settings, maxWaitMs } = options;
    const findBy = FIND_BY[typeof options.verify];
    const session = { name, trace, isolationLevel, readOnly, settings, maxWaitMs, findBy };
    return this.settings.runner.runInTransaction(session, (clients, opened) => {
      this.phase = 'execute';
      this.transaction = new PhysicalTransaction(name, this.number, options, clients, opened, this.around);
      return this.carryOut(this.transaction, opened, work);
    });
  }

  private async carryOut(
    transaction: PhysicalTransaction,
    session: TransactionSession,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const part = new TransactionPart(transaction);
    this.hooks = part.hooks;
    const scope = new TransactionScope(part, this.name, true);
    const stopWatching = this.settings.watch.follow(transaction);
    const limit = new TimeLimit(transaction, part);
    try {
      // The limit as well: whoever listens to the signal does so inside of the transaction, and is refused there.
      const result = await this.settings.context.make(scope, () => limit.within(workOut(part, work)));
      this.result = result;
      this.phase = 'commit';
      const { connection } = this.settings;
      if (committingChannel.hasSubscribers) committingChannel.publish({ connection, name: this.name });
      await session.commit(tailOf(part.tail));
      return result;
    } catch (error) {
      part.fail(error instanceof RolledBackAsAsked ? undefined : error);
      await session.rollback();
      throw this.phase === 'commit' ? explainFailure(error, part.tail) : error;
    } finally {
      limit.end();
      stopWatching();
    }
  }
}

/**
 * The work of a part, and the inner parts and joined calls it has left behind: what they write is not to be committed half.
 *
 * Closes the part.
 *
 * @throws where it must not be committed
 */
export async function workOut<Result>(part: TransactionPart, work: () => Promise<Result>): Promise<Result> {
  const result = await work();
  if (part.inner.busy) await part.inner.ended();
  // The whole may have ended meanwhile, and this part with it.
  part.refuseClosed();
  refuseMarked(part, result);
  // In the same turn: a call that joined in between would be committed half.
  part.state = 'closed';
  return result;
}

function refuseMarked(part: TransactionPart, result: unknown): void {
  if (part.mark === undefined) return;
  if (part.mark.ownWish) throw new RolledBackAsAsked(result);
  throw new UnexpectedRollbackError({ cause: part.mark.cause }, part.mark.by);
}

/** Ends a transaction whose time is up, whatever it is doing. */
class TimeLimit {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly transaction: PhysicalTransaction,
    private readonly part: TransactionPart,
  ) {}

  /** Settles like the work, or when its time is up; the work itself goes on until it meets a statement, which is refused. */
  within<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject);
      const { timeoutMs } = this.transaction.options;
      this.timer = setTimeout(() => {
        const error = new TransactionTimeoutError('work', timeoutMs);
        this.part.state = 'closed';
        this.transaction.abort(error);
        reject(error);
      }, timeoutMs);
      // Work that waits for something that never comes does not keep a process alive.
      this.timer.unref();
    });
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

/** Whether the failure leaves open what became of the transaction. */
export function isInDoubt(error: unknown): boolean {
  return error instanceof CommitOutcomeUnknownError;
}
