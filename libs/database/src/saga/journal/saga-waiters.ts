import { untilAborted } from '../../common/abort.js';
import { OwnContext } from '../../common/own-context.js';
import { SagaAbandonedError, type SagaRecord } from '../saga-journal.port.js';
import { Bell } from '../../common/bell.js';
import { toRecord } from './saga-row.js';
import type { SagaStore } from './saga-store.js';

interface Waiter {
  resolve(record: SagaRecord): void;
  reject(error: Error): void;
}

/** Those who wait for the end of sagas. What runs here is told at once; for the rest the journal is asked, for all in one statement. */
export class SagaWaiters {
  private readonly waiting = new Map<string, Set<Waiter>>();
  private readonly bell = new Bell();
  /** It is asked for all of them: with the first one's request, its signal would end what the others wait for. */
  private readonly ownContext = new OwnContext();
  private asking: Promise<void> | undefined;
  private closed: Error | undefined;

  constructor(
    private readonly store: SagaStore,
    private readonly pollMs: number,
    /** Whether this instance has the saga, and will tell of its end itself. */
    private readonly isHere: (id: string) => boolean,
  ) {}

  /**
   * @throws the signal's reason when it is aborted; the saga goes on
   * @throws {@link ShuttingDownError} when this instance ends; the saga goes on elsewhere
   * @throws {@link SagaAbandonedError} when the saga is not there any more
   */
  async wait(id: string, signal?: AbortSignal): Promise<SagaRecord> {
    if (this.closed !== undefined) throw this.closed;
    let waiter: Waiter | undefined;
    const end = new Promise<SagaRecord>((resolve, reject) => (waiter = { resolve, reject }));
    const all = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, all.add(waiter as unknown as Waiter));
    this.asking ??= this.ownContext.run(() => this.ask());
    try {
      return await untilAborted(end, signal);
    } finally {
      all.delete(waiter as unknown as Waiter);
      if (all.size === 0 && this.waiting.get(id) === all) this.waiting.delete(id);
    }
  }

  settle(id: string, record: SagaRecord): void {
    for (const waiter of this.take(id)) waiter.resolve(record);
  }

  /** Something has happened that somebody may wait for. */
  wake(): void {
    if (this.waiting.size > 0) this.bell.ring();
  }

  async close(reason: Error): Promise<void> {
    this.closed = reason;
    for (const id of [...this.waiting.keys()]) for (const waiter of this.take(id)) waiter.reject(reason);
    this.bell.ring();
    await this.asking;
  }

  private take(id: string): Set<Waiter> {
    const all = this.waiting.get(id) ?? new Set();
    this.waiting.delete(id);
    return all;
  }

  /** For as long as somebody waits. */
  private async ask(): Promise<void> {
    while (this.waiting.size > 0 && this.closed === undefined) {
      await this.bell.wait(this.pollMs * (0.75 + Math.random() / 2));
      const ids = [...this.waiting.keys()].filter((id) => !this.isHere(id));
      // A database that is away now is asked again.
      if (ids.length > 0) await this.askFor(ids).catch(() => undefined);
    }
    this.asking = undefined;
  }

  private async askFor(ids: readonly string[]): Promise<void> {
    for (const { id, gone } of await this.store.settled(ids)) {
      const row = gone ? undefined : await this.store.load(id);
      if (row !== undefined) this.settle(id, toRecord(row));
      else for (const waiter of this.take(id)) waiter.reject(new SagaAbandonedError('lost'));
    }
  }
}
