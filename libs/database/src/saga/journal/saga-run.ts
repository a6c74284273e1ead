import { setTimeout as delay } from 'node:timers/promises';
import type { RegisteredSaga } from '../saga-engine.port.js';
import {
  SagaAbandonedError,
  type AbandonReason,
  type SagaRecord,
  type SagaStop,
} from '../saga-journal.port.js';
import type { Fenced } from './saga-store.js';

/** What a saga begins, or goes on, with. */
export interface RunStart extends Pick<Fenced, 'id' | 'fence'> {
  readonly saga: RegisteredSaga;
  readonly record: SagaRecord;
  readonly context: unknown;
  readonly cancelled: boolean;
  /** In milliseconds from now; null: there is no deadline. */
  readonly leftMs: number | null;
  /** Until when nobody else takes it, by `performance.now()`. */
  readonly heldUntil: number;
}

/** One saga that this instance has, from when it took it to when it is over, or somebody else's. */
export class SagaRun implements Fenced {
  readonly id: string;
  readonly fence: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly saga: RegisteredSaga;
  readonly record: SagaRecord;
  readonly context: unknown;
  heldUntil: number;
  private cancelled: boolean;
  private left: AbandonReason | undefined;
  private readonly lateAt: number | undefined;
  private pausing = new AbortController();

  constructor(start: RunStart) {
    this.id = start.id;
    this.fence = start.fence;
    this.name = start.saga.name;
    this.version = start.saga.version;
    this.key = start.record.key;
    this.saga = start.saga;
    this.record = start.record;
    this.context = start.context;
    this.cancelled = start.cancelled;
    this.heldUntil = start.heldUntil;
    this.lateAt = start.leftMs === null ? undefined : performance.now() + start.leftMs;
  }

  /** @throws {@link SagaAbandonedError} when it is not to go on here */
  stop(): SagaStop | undefined {
    const now = performance.now();
    if (this.left !== undefined) throw new SagaAbandonedError(this.left);
    // Somebody else may have taken it; whether that is so is asked before anything goes on.
    if (now > this.heldUntil) throw new SagaAbandonedError('out-of-reach');
    if (this.cancelled) return 'cancelled';
    return this.lateAt !== undefined && now > this.lateAt ? 'late' : undefined;
  }

  /** Ends early when there is a reason to. */
  async pause(ms: number): Promise<void> {
    if (this.left !== undefined) return;
    await delay(ms, undefined, { signal: this.pausing.signal }).catch(() => undefined);
  }

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.wake();
  }

  /** Ends it before its next step. */
  leave(reason: AbandonReason): void {
    this.left ??= reason;
    this.wake();
  }

  /** Ends the pause that is under way; those of a saga that is on its way back take as long as they are meant to. */
  private wake(): void {
    this.pausing.abort();
    this.pausing = new AbortController();
  }
}
