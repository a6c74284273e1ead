import { setTimeout as delay } from 'node:timers/promises';
import { mayMove } from './saga-state.js';
import type {
  SagaJournal,
  SagaRecord,
  SagaStop,
  StepEntry,
  StepStart,
  TransactionLimits,
  Transition,
} from './saga-journal.port.js';

/** What an {@link InMemorySagaJournal} knows beyond the record. */
export interface InMemorySaga extends Omit<SagaRecord, 'entries'> {
  /** When it has to have passed its pivot, in milliseconds since 1970. */
  readonly deadlineAt?: number | undefined;
}

/** A journal that lives as long as its process: for scripts and tests, and never for what has to be taken back after a crash. */
export class InMemorySagaJournal implements SagaJournal {
  private readonly entries = new Map<string, StepEntry>();
  private cancelled = false;
  private pausing = new AbortController();

  constructor(private record: InMemorySaga) {}

  load(): Promise<SagaRecord> {
    return Promise.resolve({ ...this.record, entries: [...this.entries.values()] });
  }

  stop(): SagaStop | undefined {
    if (this.cancelled) return 'cancelled';
    const { deadlineAt } = this.record;
    return deadlineAt !== undefined && Date.now() > deadlineAt ? 'late' : undefined;
  }

  async pause(ms: number): Promise<void> {
    const { signal } = this.pausing;
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }

  isOutOfReach(): boolean {
    return false;
  }

  async transact(
    start: StepStart,
    _limits: TransactionLimits,
    work: () => Promise<unknown>,
    then?: (output: unknown) => Transition,
  ): Promise<unknown> {
    const output = this.recordable(await work());
    await this.done(start, output, then?.(output));
    return output;
  }

  started(start: StepStart): Promise<void> {
    return this.note({ ...start, state: 'started' });
  }

  recordable(output: unknown): unknown {
    return output;
  }

  async done(start: StepStart, output: unknown, then?: Transition): Promise<void> {
    await this.note({ ...start, state: 'done', output });
    if (then !== undefined) await this.move(then);
  }

  failed(start: StepStart, error: unknown): Promise<void> {
    return this.note({ ...start, state: 'failed', error });
  }

  move({ to, ...why }: Transition): Promise<void> {
    if (!mayMove(this.record.state, to))
      return Promise.reject(new Error(`A saga that is ${this.record.state} cannot become ${to}.`));
    this.record = { ...this.record, ...why, state: to };
    return Promise.resolve();
  }

  get isCancelled(): boolean {
    return this.cancelled;
  }

  /** It has no deadline any more, and tries again what was given up. */
  protected renew(forgetsFailures: boolean): void {
    this.record = { ...this.record, deadlineAt: undefined };
    if (!forgetsFailures) return;
    for (const [key, { state }] of this.entries) if (state === 'failed') this.entries.delete(key);
  }

  /** Stops it before its next step. */
  cancel(): void {
    this.cancelled = true;
    // The pauses of a saga that is on its way back take as long as they are meant to.
    this.pausing.abort();
    this.pausing = new AbortController();
  }

  protected note(entry: StepEntry): Promise<void> {
    this.entries.set(`${entry.direction} ${entry.step}`, entry);
    return Promise.resolve();
  }
}
