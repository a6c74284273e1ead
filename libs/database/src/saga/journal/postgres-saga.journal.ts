import { fullJitter } from '../../common/backoff.js';
import { readText } from '../../common/safe-read.js';
import { NotNullViolationError } from '../../errors/constraint.errors.js';
import type { ErrorCode } from '../../errors/error-codes.js';
import { TransactionTimeoutError } from '../../errors/transaction-timeout.error.js';
import { classifyFault } from '../../fault/translate-error.js';
import type { OutboxRow } from '../../outbox/outbox-writer.js';
import { addToCommit } from '../../transaction/commit-tail.js';
import { transactionOf } from '../../transaction/scope-of.js';
import type { TransactionManager } from '../../transaction/transaction-manager.js';
import type { TailStatement } from '../../transaction/transaction-session.port.js';
import { isOutOfReach } from '../error-record.js';
import {
  SagaAbandonedError,
  type SagaJournal,
  type SagaRecord,
  type SagaStop,
  type StepEntry,
  type StepStart,
  type TransactionLimits,
  type Transition,
} from '../saga-journal.port.js';
import { SagaProgress } from '../saga-progress.js';
import { recordableOutput } from '../saga-output.js';
import type { SagaOutbox } from '../saga-outbox.js';
import { RolledBackStepError, StepTimeoutError } from '../saga.errors.js';
import { toRecord } from './saga-row.js';
import type { SagaRun } from './saga-run.js';
import type { SagaStore } from './saga-store.js';

/** What all sagas of a connection write with. */
export interface JournalHost {
  readonly connection: string;
  readonly transactions: TransactionManager;
  readonly store: SagaStore;
  /** Undefined: nobody is told of what happens to sagas. */
  readonly outbox: SagaOutbox | undefined;
}

/** What a step adds to its COMMIT. */
interface Recording {
  readonly statements: readonly TailStatement[];
  readonly messages: readonly OutboxRow[];
}

/**
 * PostgreSQL's own conflicts are no failures of a step: its transaction is repeated this often, and that again after a pause,
 * as the budget for repetitions may have been empty.
 */
const CONFLICT_ATTEMPTS = 10;
const CONFLICT_ROUNDS = 10;
const CONFLICT_PAUSE = { initialDelayMs: 50, maxDelayMs: 1_000, factor: 2 };
const CONFLICTS = new Set<ErrorCode>(['SERIALIZATION_FAILURE', 'DEADLOCK']);

/** The journal of one saga in the application's own database, for as long as this instance has the saga. */
export class PostgresSagaJournal implements SagaJournal {
  private readonly progress: SagaProgress;
  private first: SagaRecord | undefined;

  constructor(
    private readonly host: JournalHost,
    private readonly run: SagaRun,
  ) {
    this.progress = new SagaProgress(run.record);
    this.first = run.record;
  }

  async load(): Promise<SagaRecord> {
    const { first } = this;
    this.first = undefined;
    if (first !== undefined) return first;
    const row = await this.reach(() => this.host.store.load(this.run.id));
    if (row === undefined || row.fence !== this.run.fence) throw new SagaAbandonedError('lost');
    return toRecord(row);
  }

  stop(): SagaStop | undefined {
    return this.run.stop();
  }

  async pause(ms: number): Promise<void> {
    await this.run.pause(ms);
  }

  isOutOfReach(error: unknown): boolean {
    return isOutOfReach(error, this.host.connection);
  }

  recordable(output: unknown): unknown {
    return recordableOutput(output);
  }

  async transact(
    start: StepStart,
    { timeoutMs, isolationLevel }: TransactionLimits,
    work: (signal?: () => AbortSignal) => Promise<unknown>,
    then?: (output: unknown) => Transition,
  ): Promise<unknown> {
    const { transactions, outbox } = this.host;
    let recorded = false;
    const tail = {
      statements: (items: readonly Recording[]) => {
        recorded = true;
        this.progress.step('recording', start);
        const messages = items.flatMap((item) => item.messages);
        const tells = messages.length === 0 ? [] : (outbox?.statements(messages) ?? []);
        return [...items.flatMap((item) => item.statements), ...tells];
      },
    };
    const step = async () => {
      recorded = false;
      const began = performance.now();
      const transaction = transactionOf(transactions)!;
      const output = this.recordable(await work(() => transaction.signal));
      const end = then?.(output);
      const recording = this.atCommit(start, output, end, began);
      addToCommit(transactions, 'A step of a saga', tail, recording);
      if (recording.messages.length > 0)
        transactions.afterCommit(() => {
          for (const message of recording.messages) outbox?.written(message);
        });
      return output;
    };
    const name = `saga ${this.run.record.name}.${start.step}`;
    const retry = { attempts: CONFLICT_ATTEMPTS };
    try {
      const output = await this.beyondConflicts(() =>
        transactions.run(step, { name, timeoutMs, isolationLevel, retry }),
      );
      // The step has asked for its rollback, which is no failure of the transaction.
      if (!recorded) throw new RolledBackStepError(start.step);
      return output;
    } catch (error) {
      throw this.explain(error, start.step, timeoutMs);
    }
  }

  async started(start: StepStart): Promise<void> {
    await this.write({ ...start, state: 'started' });
  }

  async done(start: StepStart, output: unknown, then?: Transition): Promise<void> {
    await this.write({ ...start, state: 'done', output });
    if (then !== undefined) await this.move(then);
  }

  async failed(start: StepStart, error: unknown): Promise<void> {
    await this.write({ ...start, state: 'failed', error: error ?? new Error(String(error)) });
  }

  async move(transition: Transition): Promise<void> {
    await this.reach(() => this.host.store.move(this.run, transition));
  }

  private async beyondConflicts<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let round = 1; ; round += 1) {
      try {
        return await work();
      } catch (error) {
        if (round === CONFLICT_ROUNDS || !CONFLICTS.has(classifyFault(error).code)) throw error;
        await this.run.pause(fullJitter(round, CONFLICT_PAUSE));
        // Not where somebody else has it by now.
        this.run.stop();
      }
    }
  }

  private async write(entry: StepEntry): Promise<void> {
    const cancelled = await this.reach(() => this.host.store.write(this.run, entry, 0));
    if (cancelled) this.run.cancel();
  }

  private atCommit(start: StepStart, output: unknown, end: Transition | undefined, began: number): Recording {
    const { store } = this.host;
    const entry: StepEntry = { ...start, state: 'done', output };
    const onCancelled = () => {
      this.run.cancel();
    };
    const sinceMs = performance.now() - began;
    return {
      statements: store.writeAtCommit(this.run, entry, sinceMs, { end, onCancelled }),
      messages: store.messagesAtCommit(this.run, entry, end),
    };
  }

  /** Whatever the journal fails with, it is not the step that has failed. */
  private async reach<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof SagaAbandonedError
        ? error
        : new SagaAbandonedError('out-of-reach', { cause: error });
    }
  }

  private explain(error: unknown, step: string, timeoutMs: number): unknown {
    if (error instanceof TransactionTimeoutError && error.phase === 'work')
      return new StepTimeoutError(step, timeoutMs, { cause: error });
    // That of the guard: the id of the saga is NULL where its fence is another one.
    if (error instanceof NotNullViolationError) {
      const server = error.driverError();
      const isGuard =
        readText(server, 'schema') === this.host.store.schema && readText(server, 'table') === 'saga_step';
      if (isGuard) return new SagaAbandonedError('lost', { cause: error });
    }
    return error;
  }
}
