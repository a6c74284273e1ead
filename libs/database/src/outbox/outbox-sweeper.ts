import { Bell } from '../common/bell.js';
import { withDeadline } from '../common/deadline.js';
import { OwnContext } from '../common/own-context.js';
import { DatabaseError } from '../errors/database.error.js';
import type { Notifications } from '../library-schema/notifications.port.js';
import { DeliveredMessages } from './delivered-messages.js';
import { OutboxLane } from './outbox-lane.js';
import type { Candidate, OutboxStore, PendingMessage } from './outbox-store.js';
import { publishOutbox } from './outbox.events.js';
import type { ResolvedOutboxOptions } from './outbox.options.js';
import { PendingScan } from './pending-scan.js';
import type { SinkRegistry } from './sink-registry.js';
import { SlotLeases } from './slot-leases.js';

/** Somebody has written a message. */
export const MESSAGE_CHANNEL = 'nestjs_database_outbox';
/** Somebody has given slots back, or asks for some. */
export const SLOT_CHANNEL = 'nestjs_database_outbox_slot';

const MIN_EXPIRY_MS = 1_000;
const MAX_EXPIRY_MS = 60_000;
const EXPIRY_BATCH = 1_000;
const FAILED_PAUSE_MS = 200;
/** Whoever owns it removes what has expired: one of all instances. */
const EXPIRY_SLOT = 0;

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
  /** What is to be delivered next, by lane. */
  private readonly ready = new Map<string, Candidate>();
  private readonly lanes = new Map<string, OutboxLane>();
  private readonly busy = new Map<number, number>();
  private readonly reported = new Set<string>();
  private readonly stopListening: (() => void)[] = [];
  private running: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private closing = false;
  private expireAt = 0;
  private lastFailure = '';

  constructor(private readonly settings: SweeperSettings) {
    const { connection, store, options, notifications } = settings;
    this.scan = new PendingScan(store, options.pollMs);
    this.delivered = new DeliveredMessages(connection, store);
    this.leases = new SlotLeases({
      store,
      leaseMs: options.leaseMs,
      isBusy: (slot) => this.busy.has(slot),
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
    const idle = async () => {
      await this.running;
      while (this.lanes.size > 0) await this.bell.wait(limitMs);
    };
    await withDeadline(idle(), limitMs, () => undefined);
    for (const lane of this.lanes.values()) lane.abort(new Error('The application is closing.'));
    this.delivered.giveUp();
    if (this.running === undefined) return;
    // Without it the slots are left when their lease is over.
    await withDeadline(this.leases.stop().catch(ignore), Math.max(limitMs, 100), ignore);
  }

  private async sweep(sinks: SinkRegistry): Promise<void> {
    while (!this.closing) {
      try {
        await this.step(sinks);
        this.lastFailure = '';
      } catch (error) {
        this.report(error);
        await this.bell.wait(FAILED_PAUSE_MS);
      }
    }
  }

  private async step(sinks: SinkRegistry): Promise<void> {
    const { concurrency } = this.settings.options;
    if (this.lanes.size < concurrency && this.ready.size === 0) {
      await this.scan.next(this.leases.usable, (candidate) => this.take(candidate, sinks));
      await this.expire();
    }
    if (this.closing) return;
    if (this.lanes.size < concurrency && this.ready.size > 0) {
      await this.dispatch(sinks, concurrency - this.lanes.size);
      return;
    }
    const hasRoom = this.lanes.size < concurrency;
    const idleMs = this.leases.usable.length === 0 ? Infinity : this.scan.idleMs;
    // What is full waits for a lane to end, which rings.
    await this.bell.wait(Math.min(hasRoom ? idleMs : Infinity, this.settings.options.pollMs));
  }

  /** @returns whether it is news */
  private take(candidate: Candidate, sinks: SinkRegistry): boolean {
    const { topic } = candidate;
    if (sinks.find(topic) === undefined) {
      this.reportUnhandled(topic);
      return false;
    }
    const id = laneOf(candidate);
    const lane = this.lanes.get(id);
    if (lane !== undefined) lane.again = true;
    if (lane !== undefined || this.ready.has(id)) return false;
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
      if (due.length > 0) this.begin(id, candidate, due, sinks);
    }
  }

  private begin(
    id: string,
    candidate: Candidate,
    messages: readonly PendingMessage[],
    sinks: SinkRegistry,
  ): void {
    const { connection, store, options, warn } = this.settings;
    const slot = this.leases.usableSlot(candidate.slot);
    const sink = sinks.find(candidate.topic);
    if (slot === undefined || sink === undefined || this.closing) return;
    const lane = new OutboxLane(slot, sink, {
      connection,
      store,
      options,
      warn,
      delivered: this.delivered,
      mayGoOn: (owned) => !this.closing && this.leases.holds(owned),
    });
    lane.again = messages.length === options.batchSize;
    this.lanes.set(id, lane);
    this.busy.set(slot.slot, (this.busy.get(slot.slot) ?? 0) + 1);
    for (const message of messages)
      publishOutbox('claimed', () => ({
        connection,
        id: message.id,
        topic: message.topic,
        key: message.key,
      }));
    void this.follow(id, candidate, lane, messages);
  }

  private async follow(
    id: string,
    candidate: Candidate,
    lane: OutboxLane,
    messages: readonly PendingMessage[],
  ): Promise<void> {
    try {
      const { retryMs } = await lane.run(messages);
      if (retryMs !== undefined) this.scan.walkIn(retryMs);
      else if (lane.again && candidate.key !== null && !this.closing) this.ready.set(id, candidate);
    } catch (error) {
      // That it failed could not be written down; the message is found again.
      this.report(error);
      this.scan.walkIn(FAILED_PAUSE_MS);
    } finally {
      this.lanes.delete(id);
      const { slot } = lane.slot;
      const left = (this.busy.get(slot) ?? 1) - 1;
      if (left > 0) this.busy.set(slot, left);
      else this.busy.delete(slot);
      if (left <= 0) this.leases.idle(slot);
      this.bell.ring();
    }
  }

  /** The slot is somebody else's, or will be. */
  private forget(slot: number): void {
    this.scan.forget(slot);
    for (const [id, candidate] of this.ready) if (candidate.slot === slot) this.ready.delete(id);
    for (const lane of this.lanes.values())
      if (lane.slot.slot === slot) lane.abort(new Error('Another instance has taken over.'));
  }

  private slotsChanged(): void {
    const { connection } = this.settings;
    publishOutbox('slots', () => ({ connection, slots: this.leases.size }));
    this.bell.ring();
  }

  private async expire(): Promise<void> {
    if (performance.now() < this.expireAt || !this.owns(EXPIRY_SLOT)) return;
    const { dedupRetentionMs, deadRetentionMs } = this.settings.options;
    const shortest = Math.min(dedupRetentionMs, deadRetentionMs === false ? Infinity : deadRetentionMs);
    this.expireAt = performance.now() + Math.min(MAX_EXPIRY_MS, Math.max(MIN_EXPIRY_MS, shortest / 10));
    if (await this.settings.store.expire(deadRetentionMs, EXPIRY_BATCH)) this.expireAt = 0;
  }

  private reportUnhandled(topic: string): void {
    if (this.reported.has(topic)) return;
    this.reported.add(topic);
    const { connection, warn } = this.settings;
    warn(
      `There are messages of the topic ${topic} in the outbox, and nobody here delivers them; they stay. Give it a sink, or let ` +
        'only instances that have one deliver (`outbox.deliver`).',
    );
    publishOutbox('unhandled', () => ({ connection, topic }));
  }

  /** Said once for each reason: the loop may run for hours. */
  private report(error: unknown): void {
    if (this.closing) return;
    const reason = error instanceof DatabaseError ? error.message : 'An unexpected failure.';
    if (reason === this.lastFailure) return;
    this.lastFailure = reason;
    this.settings.warn(`The outbox waits, and tries again: ${reason}`);
  }
}

function laneOf({ topic, key, slot, seq }: Candidate): string {
  return key === null ? `${slot}:${seq}` : `${topic}\0${key}`;
}

function ignore(): void {
  // The lease ends by itself.
}
