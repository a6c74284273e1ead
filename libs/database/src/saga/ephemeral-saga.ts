import type { TransactionManager } from '../transaction/transaction-manager.js';
import { InMemorySagaJournal } from './in-memory-saga.journal.js';
import type { RegisteredSaga, SagaAuditEntry, SagaSnapshot, SagaStepSnapshot } from './saga-engine.port.js';
import type { SagaRecord, StepEntry, StepStart, TransactionLimits, Transition } from './saga-journal.port.js';
import { recordableOutput } from './saga-output.js';
import { resolutionIn } from './saga-retry.js';
import { RolledBackStepError } from './saga.errors.js';

interface Times {
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
}

/** One saga in the memory of its process, whose `tx` steps run in transactions all the same. */
export class EphemeralSaga extends InMemorySagaJournal {
  /** Settles when it is over, or dead. */
  end: Promise<SagaRecord> | undefined;
  private readonly createdAt = new Date();
  private updatedAt = this.createdAt;
  private readonly times = new Map<string, Times>();
  private readonly audit: SagaAuditEntry[] = [];

  constructor(
    readonly id: string,
    readonly saga: RegisteredSaga,
    readonly key: string,
    /** As JSON. */
    readonly input: string | null,
    readonly context: unknown,
    private readonly transactions: TransactionManager,
  ) {
    const { name, deadlineMs } = saga;
    super({
      name,
      key,
      state: 'running',
      input: input === null ? undefined : (JSON.parse(input) as unknown),
      ...(deadlineMs !== undefined && { deadlineAt: Date.now() + deadlineMs }),
    });
  }

  override async transact(
    start: StepStart,
    { timeoutMs, isolationLevel }: TransactionLimits,
    work: () => Promise<unknown>,
    then?: (output: unknown) => Transition,
  ): Promise<unknown> {
    let end: Transition | undefined;
    let committed = false;
    const step = async () => {
      const output = this.recordable(await work());
      end = then?.(output);
      this.transactions.afterCommit(() => void (committed = true));
      return output;
    };
    const name = `saga ${this.saga.name}.${start.step}`;
    // The step keeps the time itself, and is told by its signal.
    const output = await this.transactions.run(step, { name, timeoutMs, isolationLevel });
    // The step has asked for its rollback, which is no failure of the transaction.
    if (!committed) throw new RolledBackStepError(start.step);
    await this.done(start, output, end);
    return output;
  }

  override recordable(output: unknown): unknown {
    return recordableOutput(output);
  }

  override async load(): Promise<SagaRecord> {
    return { ...(await super.load()), resolution: resolutionIn(this.audit) };
  }

  /** Where a dead saga goes on, or ends. */
  revive(to: 'running' | 'compensating' | 'compensated', note: string | undefined): Promise<void> {
    this.renew(to === 'running');
    this.audit.push({ at: new Date(), action: to === 'compensated' ? 'resolved' : 'retried', note });
    return this.move({ to });
  }

  async snapshot(): Promise<SagaSnapshot> {
    const { name, key, state, input, result, step, error, entries } = await this.load();
    const isOver = state !== 'running' && state !== 'compensating';
    const { id, saga, createdAt, updatedAt } = this;
    return {
      id,
      name,
      version: saga.version,
      key,
      state,
      orphaned: false,
      cancelRequested: this.isCancelled,
      recoveries: 0,
      input,
      result,
      failedStep: step,
      error: asError(error),
      deadlineAt: saga.deadlineMs === undefined ? undefined : new Date(+createdAt + saga.deadlineMs),
      createdAt,
      updatedAt,
      finishedAt: isOver ? updatedAt : undefined,
      steps: entries.toSorted((left, right) => left.order - right.order).map((entry) => this.stepOf(entry)),
      audit: [...this.audit],
    };
  }

  protected override note(entry: StepEntry): Promise<void> {
    const key = `${entry.direction} ${entry.step}`;
    const now = new Date();
    const startedAt = this.times.get(key)?.startedAt ?? now;
    this.times.set(key, { startedAt, finishedAt: entry.state === 'started' ? undefined : now });
    return super.note(entry);
  }

  override move(transition: Transition): Promise<void> {
    this.updatedAt = new Date();
    return super.move(transition);
  }

  private stepOf({ step, direction, state, attempt, output, error }: StepEntry): SagaStepSnapshot {
    const times = this.times.get(`${direction} ${step}`) ?? {
      startedAt: this.createdAt,
      finishedAt: undefined,
    };
    return { step, direction, state, attempts: attempt, output, error: asError(error), ...times };
  }
}

function asError(error: unknown): Error | undefined {
  if (error === undefined || error instanceof Error) return error;
  return new Error(typeof error === 'string' ? error : 'A step has failed with something that is no error.');
}
