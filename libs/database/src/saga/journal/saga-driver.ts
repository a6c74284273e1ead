import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fullJitter } from '../../common/backoff.js';
import { withDeadline } from '../../common/deadline.js';
import { OwnContext } from '../../common/own-context.js';
import { mayHaveBeenSent } from '../error-record.js';
import type { RegisteredSaga, SagaContextCarrier } from '../saga-engine.port.js';
import { SagaAbandonedError, type SagaRecord } from '../saga-journal.port.js';
import { alarmOf } from '../saga-failure.js';
import { SagaOrchestrator } from '../saga-orchestrator.js';
import { SagaProgress } from '../saga-progress.js';
import { SagaRecoveryLimitError } from '../saga.errors.js';
import { PostgresSagaJournal, type JournalHost } from './postgres-saga.journal.js';
import { toRecord } from './saga-row.js';
import { SagaSuspects } from './saga-suspects.js';
import { SagaRun, type RunStart } from './saga-run.js';
import type { Claim } from './saga-store.js';

/** What a driver works with, and whom it tells. */
export interface DriverHost extends JournalHost {
  readonly leaseMs: number;
  readonly context: SagaContextCarrier | undefined;
  /** The definition of a saga that this instance has claimed. */
  definitionOf(name: string, version: number): RegisteredSaga;
  /** A saga has come to its end here. */
  settled(id: string, record: SagaRecord): void;
  /** A saga is not here any more, however it stands: whoever waits for it has to look. */
  left(): void;
  /** A saga that was claimed is over, or somebody else's: there is room for another one. */
  freed(): void;
  warn(line: string): void;
}

/** How often a lease is prolonged within its time. */
const BEATS = 3;
/** Between two attempts to go on with a saga whose journal was out of reach. */
const RETAKE = { initialDelayMs: 100, maxDelayMs: 5_000, factor: 2 };
const SHORTEST_PAUSE_MS = 20;
/** How long the leases may take to be given back at the end. */
const GIVE_BACK_MS = 2_000;

interface Held {
  /** Undefined while it is being taken over. */
  run: SagaRun | undefined;
  readonly claimed: boolean;
  ended: Promise<void>;
}

/** Runs the sagas that this instance has a lease of, and keeps the leases. */
export class SagaDriver {
  readonly suspects: SagaSuspects;
  private readonly held = new Map<string, Held>();
  private readonly ownContext = new OwnContext();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private hasHeld = false;
  private beating: Promise<void> | undefined;

  constructor(private readonly host: DriverHost) {
    this.suspects = new SagaSuspects(host.leaseMs);
    // Every saga whose database is away waits with it.
    setMaxListeners(0, this.stopping.signal);
  }

  /** How many it has that somebody else has begun. */
  get claimed(): number {
    let count = 0;
    for (const { claimed } of this.held.values()) if (claimed) count += 1;
    return count;
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  /** Runs a saga that was recorded just now, with a lease of this instance. */
  begin(start: RunStart): void {
    this.hold(start.id, false, () => Promise.resolve(new SagaRun(start)));
  }

  /** Goes on with a saga whose lease this instance has claimed. */
  takeOver(claim: Claim, heldUntil: number): void {
    // Its own, which it has taken for lost; or one that the server has answered with too late.
    if (this.held.has(claim.id) || this.stopping.signal.aborted) return;
    if (claim.suspect) this.suspects.take(claim.id);
    this.hold(claim.id, true, () => this.take(claim, heldUntil));
  }

  /** Hands back what does not end within the time. */
  async stop(timeoutMs: number): Promise<void> {
    this.stopping.abort();
    for (const { run } of this.held.values()) run?.leave('handed-back');
    const all = Promise.allSettled([...this.held.values()].map(({ ended }) => ended));
    await withDeadline(
      all.then(() => undefined),
      timeoutMs,
      () => undefined,
    );
    clearTimeout(this.timer);
    if (!this.hasHeld) return;
    await withDeadline(this.giveBack(), GIVE_BACK_MS, () => undefined);
  }

  /** Prolongs the leases, and learns what is to be cancelled and what is lost. */
  async beat(): Promise<void> {
    this.beating ??= this.ownContext.run(() => this.beatOnce()).finally(() => (this.beating = undefined));
    await this.beating;
  }

  private async giveBack(): Promise<void> {
    // What cannot be given back runs out.
    await this.host.store.giveBack().catch(() => undefined);
  }

  private hold(id: string, claimed: boolean, take: () => Promise<SagaRun | undefined>): void {
    const held: Held = { run: undefined, claimed, ended: Promise.resolve() };
    this.held.set(id, held);
    this.hasHeld = true;
    this.keepBeating();
    held.ended = this.ownContext.run(async () => {
      try {
        await this.drive(held, id, take);
      } catch (error) {
        this.host.warn(`A saga was left to the next one who looks (id=${id}): ${String(error)}`);
      } finally {
        this.held.delete(id);
        this.suspects.release(id);
        this.host.left();
        if (claimed) this.host.freed();
      }
    });
  }

  private async drive(held: Held, id: string, take: () => Promise<SagaRun | undefined>): Promise<void> {
    let acquire = take;
    for (let failures = 1; ; failures += 1) {
      try {
        const run = await acquire();
        if (run === undefined) return;
        held.run = run;
        if (this.stopping.signal.aborted) run.leave('handed-back');
        const record = await this.runOnce(run);
        this.settle(id, record);
        return;
      } catch (error) {
        const { reason, cause } = reasonOf(error);
        if (reason !== 'out-of-reach') return;
        if (!(error instanceof SagaAbandonedError))
          this.host.warn(`A saga is taken up again after an error (id=${id}): ${String(error)}`);
        const counts = held.run !== undefined && mayHaveBeenSent(cause);
        held.run = undefined;
        acquire = () => this.takeAnew(id, counts);
        const pauseMs = Math.max(SHORTEST_PAUSE_MS, fullJitter(failures, RETAKE));
        await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
        if (this.stopping.signal.aborted) return;
      }
    }
  }

  private settle(id: string, record: SagaRecord): void {
    const alarm = alarmOf(record);
    if (alarm !== undefined) this.host.warn(alarm);
    this.host.settled(id, record);
  }

  private async runOnce(run: SagaRun): Promise<SagaRecord> {
    const { context } = this.host;
    const work = () => new SagaOrchestrator(run.saga.plan, new PostgresSagaJournal(this.host, run)).run();
    if (context === undefined || run.context === undefined || run.context === null) return await work();
    return await context.restore(run.context, work);
  }

  private async takeAnew(id: string, counts: boolean): Promise<SagaRun | undefined> {
    const heldUntil = performance.now() + this.host.leaseMs;
    const claim = await this.host.store.reclaim(id, counts);
    return claim === undefined ? undefined : await this.take(claim, heldUntil);
  }

  /** Shuts out whoever had it before; what the journal says after that is what counts. */
  private async take({ id, recoveries }: Claim, heldUntil: number): Promise<SagaRun | undefined> {
    const { store } = this.host;
    const fence = await store.refence(id);
    if (fence === undefined) return undefined;
    const row = await store.load(id);
    if (row === undefined || row.fence !== fence) return undefined;
    const saga = this.host.definitionOf(row.name, row.version);
    const record = toRecord(row);
    new SagaProgress(record).at('taken-over');
    if (recoveries > saga.maxRecoveries) {
      const error = new SagaRecoveryLimitError(
        recoveries,
        saga.maxRecoveries,
        record.state === 'compensating' ? 'undo' : 'do',
      );
      await store.move({ ...row, fence }, { to: 'dead', step: record.step, error });
      this.settle(id, { ...record, state: 'dead', error });
      return undefined;
    }
    const { context, cancelled, leftMs } = row;
    return new SagaRun({ id, fence, saga, record, context, cancelled, leftMs, heldUntil });
  }

  private keepBeating(): void {
    if (this.timer !== undefined) return;
    const arm = () => {
      this.timer = setTimeout(() => {
        void this.beat().then(() => {
          if (this.held.size > 0) arm();
          else this.timer = undefined;
        });
      }, this.host.leaseMs / BEATS);
      this.timer.unref();
    };
    this.ownContext.run(arm);
  }

  private async beatOnce(): Promise<void> {
    const before = new Map(this.held);
    if (before.size === 0) return;
    for (const { run } of before.values()) if (run !== undefined) new SagaProgress(run.record).at('beat');
    const until = performance.now() + this.host.leaseMs;
    // Without an answer they run out, and each saga stops at its next step.
    const kept = await this.host.store.beat([...before.keys()]).catch(() => undefined);
    if (kept === undefined) return;
    for (const [id, held] of before) {
      const lease = kept.get(id);
      const { run } = held;
      if (run === undefined) continue;
      if (lease === undefined) run.leave('lost');
      else {
        if (lease.prolonged) run.heldUntil = until;
        if (lease.cancelled) run.cancel();
      }
    }
  }
}

function reasonOf(error: unknown): { reason: SagaAbandonedError['reason']; cause: unknown } {
  if (error instanceof SagaAbandonedError) return { reason: error.reason, cause: error.cause };
  return { reason: 'out-of-reach', cause: error };
}
