import { Bell } from '../common/bell.js';
import { withDeadline } from '../common/deadline.js';
import { OwnContext } from '../common/own-context.js';
import type { Notifications } from '../library-schema/notifications.port.js';
import { DeliveredMessages } from './delivered-messages.js';
import { OutboxRetention } from './outbox-retention.js';
import type { Candidate, OutboxStore } from './outbox-store.js';
import { publishOutbox } from './outbox.events.js';
import type { ResolvedOutboxOptions } from './outbox.options.js';
import { PendingScan } from './pending-scan.js';
import { RunningLanes, type EndedLane } from './running-lanes.js';
import type { SinkRegistry } from './sink-registry.js';
import { SlotLeases } from './slot-leases.js';
import { SweepReports } from './sweep-reports.js';

/** Somebody has written a message. */
export const MESSAGE_CHANNEL = 'nestjs_database_outbox';
/** Somebody has given slots back, or asks for some. */
export const SLOT_CHANNEL = 'nestjs_database_outbox_slot';

const FAILED_PAUSE_MS = 200;
/** So often it is looked for more, however much is to be delivered already: a new key waits for no other one's backlog. */
const LOOK_MS = 100;
/** So much is enough to choose from. */
const MAX_READY = 1_000;
/** How long a delivery that was given up may take to end, its statement under way included. */
const GIVEN_UP_MS = 100;

/** What {@link OutboxSweeper} stands on. */
export interface SweeperSettings {
  readonly connection: string;
  readonly store: OutboxStore;
  readonly options: ResolvedOutboxOptions;
  readonly notifications: Notifications;
  readonly warn: (line: string) => void;
}

/**
 * Delivers what is pending in the slots of this instance, `concurrency` keys side by side.
 *
 * No transaction and no connection is held while a sink works. What a message meets: read → delivered → deleted, or
 * read → failed → read again later, or read → dead letter. A process that dies between delivered and deleted leaves the
 * message to the next owner of the slot, who delivers it again with the same id.
 */
export class OutboxSweeper {
  private readonly context = new OwnContext();
  private readonly bell = new Bell();
  private readonly leases: SlotLeases;
  private readonly scan: PendingScan;
  private readonly delivered: DeliveredMessages;
  private readonly lanes: RunningLanes;
  private readonly retention: OutboxRetention;
  private readonly reports: SweepReports;
  /** What is to be delivered next, by lane. */
  private readonly ready = new Map<string, Candidate>();
  private readonly stopListening: (() => void)[] = [];
  private running: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private closing = false;
  private lookedAt = 0;

  constructor(private readonly settings: SweeperSettings) {
    const { connection, store, options, warn } = settings;
    this.reports = new SweepReports(connection, warn);
    this.scan = new PendingScan(store, options.pollMs);
    this.delivered = new DeliveredMessages(connection, store);
    this.leases = this.createLeases();
    this.retention = new OutboxRetention(store, options, (slot) => this.owns(slot));
    this.lanes = new RunningLanes({
      ...{ connection, store, options, warn, delivered: this.delivered },
      mayGoOn: (slot) => !this.closing && this.leases.holds(slot),
      ended: (lane) => {
        this.follow(lane);
      },
      idle: (slot) => {
        this.leases.idle(slot);
      },
    });
  }

  /** Begins to deliver; the first call counts. */
  start(sinks: SinkRegistry): void {
    if (this.running !== undefined || this.closing) return;
    const { notifications } = this.settings;
    this.running = this.context.run(() => {
      this.stopListening.push(
        notifications.listen(MESSAGE_CHANNEL, () => {
          this.wake();
        }),
        notifications.listen(SLOT_CHANNEL, () => {
          this.leases.beatSoon();
        }),
      );
      this.leases.start();
      return this.sweep(sinks);
    });
  }

  /** There is something new. */
  wake(): void {
    this.scan.wake();
    this.bell.ring();
  }

  /** Whether this instance sweeps the slot. */
  owns(slot: number): boolean {
    return this.leases.usableSlot(slot) !== undefined;
  }

  /** Begins nothing new; what runs is finished. */
  beginStop(): void {
    this.closing = true;
    this.ready.clear();
    this.bell.ring();
  }

  /** Waits for what runs, gives it up after `limitMs`, and leaves the slots to others. Never rejects. */
  stop(limitMs: number): Promise<void> {
    this.stopping ??= this.context.run(() => this.end(limitMs));
    return this.stopping;
  }

  private async end(limitMs: number): Promise<void> {
    this.beginStop();
    for (const stop of this.stopListening.splice(0)) stop();
    const idle = this.untilIdle();
    await withDeadline(idle, limitMs, ignore);
    this.lanes.abort(new Error('The application is closing.'));
    this.delivered.giveUp();
    // What was given up is about to end: its slots are to be left as well.
    await withDeadline(idle, GIVEN_UP_MS, ignore);
    if (this.running === undefined) return;
    await withDeadline(this.leases.stop().catch(ignore), Math.max(limitMs, 100), ignore);
  }

  private async untilIdle(): Promise<void> {
    await this.running;
    while (this.lanes.size > 0) await this.bell.wait(this.settings.options.pollMs);
  }

  private async sweep(sinks: SinkRegistry): Promise<void> {
    while (!this.closing) {
      try {
        await this.step(sinks);
        this.reports.succeeded();
      } catch (error) {
        this.report(error);
        await this.bell.wait(FAILED_PAUSE_MS);
      }
    }
  }

  private async step(sinks: SinkRegistry): Promise<void> {
    const { concurrency, pollMs } = this.settings.options;
    if (this.lanes.size < concurrency && this.isTimeToLook()) {
      this.lookedAt = performance.now();
      await this.scan.next(this.leases.usable, (candidate) => this.take(candidate, sinks));
      await this.retention.run();
    }
    if (this.closing) return;
    if (this.lanes.size < concurrency && this.ready.size > 0) {
      await this.dispatch(sinks, concurrency - this.lanes.size);
      return;
    }
    const hasRoom = this.lanes.size < concurrency;
    const idleMs = this.leases.usable.length === 0 ? Infinity : this.scan.idleMs;
    // What is full waits for a lane to end, which rings.
    await this.bell.wait(Math.min(hasRoom ? idleMs : Infinity, pollMs));
  }

  private isTimeToLook(): boolean {
    if (this.ready.size === 0) return true;
    return this.ready.size < MAX_READY && performance.now() - this.lookedAt >= LOOK_MS;
  }

  /** @returns whether it is news */
  private take(candidate: Candidate, sinks: SinkRegistry): boolean {
    if (sinks.find(candidate.topic) === undefined) {
      this.reports.unhandled(candidate.topic);
      return false;
    }
    const id = laneOf(candidate);
    if (this.lanes.remind(id) || this.ready.has(id)) return false;
    this.ready.set(id, candidate);
    return true;
  }

  private async dispatch(sinks: SinkRegistry, count: number): Promise<void> {
    const chosen = [...this.ready].slice(0, count);
    for (const [id] of chosen) this.ready.delete(id);
    const candidates = chosen.map(([, candidate]) => candidate);
    const { batchSize } = this.settings.options;
    const loaded = await this.settings.store.load(candidates, batchSize);
    for (const [index, [id, candidate]] of chosen.entries()) {
      const messages = loaded.filter((message) => message.candidate === index);
      const end = messages.findIndex(({ due }) => !due);
      const due = end === -1 ? messages : messages.slice(0, end);
      const slot = this.leases.usableSlot(candidate.slot);
      const sink = sinks.find(candidate.topic);
      if (due.length === 0 || slot === undefined || sink === undefined || this.closing) continue;
      this.lanes.begin(id, candidate, { slot, sink }, due);
    }
  }

  private follow({ id, candidate, retryMs, again, error }: EndedLane): void {
    if (error !== undefined) {
      // That it failed could not be written down; the message is found again.
      this.report(error);
      this.scan.walkIn(FAILED_PAUSE_MS);
    } else if (retryMs !== undefined) this.scan.walkIn(retryMs);
    else if (again && candidate.key !== null && !this.closing) this.ready.set(id, candidate);
    this.bell.ring();
  }

  private createLeases(): SlotLeases {
    const { store, options, notifications } = this.settings;
    return new SlotLeases({
      store,
      leaseMs: options.leaseMs,
      isBusy: (slot) => this.lanes.isBusy(slot),
      announce: () => {
        notifications.notify(SLOT_CHANNEL);
      },
      gained: (slots) => {
        for (const { slot } of slots) this.scan.include(slot);
        this.slotsChanged();
      },
      lost: (slot) => {
        this.forget(slot);
        this.slotsChanged();
      },
      failed: (error) => {
        this.report(error);
      },
    });
  }

  /** The slot is somebody else's, or will be. */
  private forget(slot: number): void {
    this.scan.forget(slot);
    for (const [id, candidate] of this.ready) if (candidate.slot === slot) this.ready.delete(id);
    this.lanes.abort(new Error('Another instance has taken over.'), slot);
  }

  private slotsChanged(): void {
    publishOutbox('slots', () => ({ connection: this.settings.connection, slots: this.leases.size }));
    this.bell.ring();
  }

  private report(error: unknown): void {
    if (!this.closing) this.reports.failed(error);
  }
}

function laneOf({ topic, key, slot, seq }: Candidate): string {
  return key === null ? `${slot}:${seq}` : `${topic}\0${key}`;
}

function ignore(): void {
  // What is not left in time is left when its lease is over.
}
