import { mayMove } from './saga-state.js';
import type { SagaJournal, SagaRecord, StepEntry, StepStart, Transition } from './saga-journal.port.js';

/** A journal that lives as long as its process: for scripts and tests, and never for what has to be taken back after a crash. */
export class InMemorySagaJournal implements SagaJournal {
  private readonly entries = new Map<string, StepEntry>();

  constructor(private record: Omit<SagaRecord, 'entries'>) {}

  load(): Promise<SagaRecord> {
    return Promise.resolve({ ...this.record, entries: [...this.entries.values()] });
  }

  async transact(
    start: StepStart,
    work: () => Promise<unknown>,
    then?: (output: unknown) => Transition,
  ): Promise<unknown> {
    const output = await work();
    await this.done(start, output, then?.(output));
    return output;
  }

  started(start: StepStart): Promise<void> {
    return this.note({ ...start, state: 'started' });
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

  /** Stops it before its next step. */
  cancel(): void {
    this.record = { ...this.record, cancelled: true };
  }

  private note(entry: StepEntry): Promise<void> {
    this.entries.set(`${entry.direction} ${entry.step}`, entry);
    return Promise.resolve();
  }
}
