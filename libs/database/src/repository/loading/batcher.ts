import { AsyncLocalStorage } from 'node:async_hooks';
import { OverloadedError } from '../../errors/overloaded.error.js';

/** What became of one key of a batch. */
export type KeyOutcome<Value> = { readonly value: Value } | { readonly error: unknown };

/** Limits of a {@link Batcher}. */
export interface BatcherSettings {
  /** What the caller does, for the text of an error: `product.load`. */
  readonly operation: string;
  /** How many keys one batch may hold. */
  readonly maxBatchSize: number;
  /** How many batches are under way at a time; what comes meanwhile makes up the next one. */
  readonly maxInFlight: number;
  /** How many calls may wait; one more is refused. */
  readonly maxQueued: number;
}

interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
  /** Runs work in this caller's asynchronous context; only the first one of a batch needs it. */
  readonly inContext: (<Result>(work: () => Result) => Result) | undefined;
}

/**
 * Turns single calls into batches. The first call is sent at the end of the turn of the event loop: in `setImmediate`, as
 * the calls of different requests arrive in the same poll phase but never in the same tick. While batches are under way
 * the next one grows, so that its size follows the load; no timer makes a lone call wait.
 */
export class Batcher<Key, Value> {
  private queue: Waiting<Key, Value>[] = [];
  private inFlight = 0;
  private scheduled = false;

  /**
   * @param answer - gives the outcomes in the order of the keys; where it rejects, every key of the batch fails with that
   * @param onIdle - called when nothing waits and nothing is under way
   */
  constructor(
    private readonly settings: BatcherSettings,
    private readonly answer: (keys: readonly Key[]) => Promise<readonly KeyOutcome<Value>[]>,
    private readonly onIdle: () => void = () => undefined,
  ) {}

  /** @throws {@link OverloadedError} when too many calls wait already */
  load(key: Key): Promise<Value> {
    const { maxQueued, maxBatchSize, operation } = this.settings;
    const waiting = this.queue.length;
    if (waiting >= maxQueued) return Promise.reject(new OverloadedError(operation, waiting));
    return new Promise((resolve, reject) => {
      const inContext = waiting % maxBatchSize === 0 ? AsyncLocalStorage.snapshot() : undefined;
      this.queue.push({ key, resolve, reject, inContext });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.queue.length === 0 || this.inFlight >= this.settings.maxInFlight) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      const batch = this.queue.splice(0, this.settings.maxBatchSize);
      this.inFlight += 1;
      void this.send(batch);
      this.schedule();
    });
  }

  /** Never rejects. */
  private async send(batch: readonly Waiting<Key, Value>[]): Promise<void> {
    const keys = batch.map(({ key }) => key);
    try {
      // Not in the context of whoever made the queue move on, which may be another request.
      const inContext = batch[0]?.inContext;
      const outcomes = await (inContext === undefined
        ? this.answer(keys)
        : inContext(() => this.answer(keys)));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined && 'value' in outcome) resolve(outcome.value);
        else reject(outcome?.error);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.inFlight -= 1;
      this.schedule();
      if (this.inFlight === 0 && this.queue.length === 0) this.onIdle();
    }
  }
}
