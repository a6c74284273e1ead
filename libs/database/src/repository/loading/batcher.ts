import { AsyncResource } from 'node:async_hooks';
import { OverloadedError } from '../../errors/overloaded.error.js';
import { rejected } from '../start-query.js';

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

/** Who answers. */
export interface BatchAnswers<Key, Value> {
  /** A key that is alone in its batch. */
  one(this: void, key: Key): Promise<Value>;
  /** The outcomes in the order of the keys; where it rejects, every key of the batch fails with that. */
  many(this: void, keys: readonly Key[]): Promise<readonly KeyOutcome<Value>[]>;
}

interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
  /** The caller's asynchronous context; only the first one of a batch needs it. */
  readonly context: AsyncResource | undefined;
}

/**
 * Turns single calls into batches. Where nothing is under way, the calls of one tick are sent at its end, after all that
 * it leads to: a lone call waits for nobody. While a batch is under way the next one grows until the end of the turn of
 * the event loop, as the calls of different requests arrive in the same poll phase but never in the same tick, and then
 * for as long as `maxInFlight` are out; so its size follows the load. No timer makes a call wait.
 */
export class Batcher<Key, Value> {
  private queue: Waiting<Key, Value>[] = [];
  private inFlight = 0;
  private scheduled = false;

  /** @param onIdle - called when nothing waits and nothing is under way */
  constructor(
    private readonly settings: BatcherSettings,
    private readonly answers: BatchAnswers<Key, Value>,
    private readonly onIdle: () => void = () => undefined,
  ) {}

  /** @throws {@link OverloadedError} when too many calls wait already */
  load(key: Key): Promise<Value> {
    const { maxQueued, maxBatchSize, operation } = this.settings;
    const waiting = this.queue.length;
    if (waiting >= maxQueued) return Promise.reject(new OverloadedError(operation, waiting));
    return new Promise((resolve, reject) => {
      const schedules = waiting === 0 && this.canSchedule();
      // Whoever schedules a batch is the first one of it, and what is scheduled runs in its context anyway.
      const isFirst = waiting % maxBatchSize === 0 && !schedules;
      const context = isFirst ? new AsyncResource('nestjs-database:batch') : undefined;
      this.queue.push({ key, resolve, reject, context });
      if (schedules) this.schedule();
    });
  }

  private canSchedule(): boolean {
    return !this.scheduled && this.inFlight < this.settings.maxInFlight;
  }

  private schedule(): void {
    this.scheduled = true;
    const flush = () => this.flush();
    if (this.inFlight > 0) setImmediate(flush);
    // Microtasks run until there are none, and what they leave for the next tick runs after them.
    else queueMicrotask(() => process.nextTick(flush));
  }

  private flush(): void {
    this.scheduled = false;
    const batch = this.queue.splice(0, this.settings.maxBatchSize);
    this.inFlight += 1;
    const context = batch[0]?.context;
    // Not in the context of whoever made the queue move on, which may be another request.
    if (context === undefined) this.send(batch);
    else context.runInAsyncScope(() => this.send(batch));
    this.proceed();
  }

  private send(batch: readonly Waiting<Key, Value>[]): void {
    const [first] = batch;
    if (first !== undefined && batch.length === 1) {
      // Without further promises: this is what a lone call costs.
      this.one(first.key).then(
        (value) => {
          first.resolve(value);
          this.settle();
        },
        (error: unknown) => {
          first.reject(error);
          this.settle();
        },
      );
    } else void this.sendTogether(batch);
  }

  private one(key: Key): Promise<Value> {
    try {
      return this.answers.one(key);
    } catch (error) {
      return rejected(error);
    }
  }

  /** Never rejects. */
  private async sendTogether(batch: readonly Waiting<Key, Value>[]): Promise<void> {
    try {
      const outcomes = await this.answers.many(batch.map(({ key }) => key));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined && 'value' in outcome) resolve(outcome.value);
        else reject(outcome?.error);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.settle();
    }
  }

  private settle(): void {
    this.inFlight -= 1;
    this.proceed();
    if (this.inFlight === 0 && this.queue.length === 0) this.onIdle();
  }

  private proceed(): void {
    if (this.queue.length > 0 && this.canSchedule()) this.schedule();
  }
}
