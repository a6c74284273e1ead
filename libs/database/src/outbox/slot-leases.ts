import { Bell } from '../common/bell.js';
import type { Beat, OutboxStore, OwnedSlot } from './outbox-store.js';
import { SLOTS } from './outbox.schema.js';

const FAILED_BEAT_PAUSE_MS = 500;

/** What {@link SlotLeases} tells its sweeper. */
export interface SlotLeasesSettings {
  readonly store: OutboxStore;
  readonly leaseMs: number;
  /** This slot is this instance's from now on. */
  readonly gained: (slots: readonly OwnedSlot[]) => void;
  /** It is not any more; whatever runs in it is to stop. */
  readonly lost: (slot: number) => void;
  /** Whether something runs in the slot. */
  readonly isBusy: (slot: number) => boolean;
  /** Slots were given back, or are asked for: the others are to look. */
  readonly announce: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The slots that this instance sweeps: a fair share of them, each for as long as its lease is renewed.
 *
 * An instance that comes gets its share as soon as the others hear of it, at the latest with their next beat; one that is
 * killed or stalls loses what it has after `leaseMs`. A slot is given back when nothing runs in it any more.
 */
export class SlotLeases {
  private readonly owned = new Map<number, bigint>();
  private readonly leaving = new Set<number>();
  /** By `performance.now()`, which goes on while the process is stopped. */
  private validUntil = -Infinity;
  private readonly bell = new Bell();
  private running: Promise<void> | undefined;
  private stopping = false;
  /** How many there were when slots were asked for last. */
  private announcedTo = 1;

  constructor(private readonly settings: SlotLeasesSettings) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Has the next beat come now. */
  beatSoon(): void {
    this.bell.ring();
  }

  /** Those in which something new may be begun. */
  get usable(): readonly number[] {
    if (performance.now() >= this.validUntil) return [];
    return [...this.owned.keys()].filter((slot) => !this.leaving.has(slot));
  }

  get size(): number {
    return this.owned.size;
  }

  /** The slot with its fence, where something new may be begun in it. */
  usableSlot(slot: number): OwnedSlot | undefined {
    const fence = this.owned.get(slot);
    if (fence === undefined || this.leaving.has(slot) || performance.now() >= this.validUntil)
      return undefined;
    return { slot, fence };
  }

  /** Whether this instance may go on in it: nobody else can have taken it over. */
  holds({ slot, fence }: OwnedSlot): boolean {
    return this.owned.get(slot) === fence && performance.now() < this.validUntil;
  }

  /** Nothing runs in the slot any more. */
  idle(slot: number): void {
    if (this.leaving.has(slot)) this.bell.ring();
  }

  /** Renews no more, and gives everything back in which nothing runs; what is busy expires by itself. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.bell.ring();
    await this.running;
    const { store, isBusy, announce } = this.settings;
    const free = [...this.owned.keys()].filter((slot) => !isBusy(slot));
    this.owned.clear();
    this.validUntil = -Infinity;
    if (free.length > 0) await store.release(free);
    await store.leave();
    announce();
  }

  private async run(): Promise<void> {
    const { leaseMs, failed } = this.settings;
    while (!this.stopping) {
      let pauseMs = leaseMs / 3;
      try {
        await this.beat();
      } catch (error) {
        failed(error);
        const leftMs = this.validUntil - performance.now();
        if (leftMs <= 0) this.loseAll();
        pauseMs = Math.min(pauseMs, FAILED_BEAT_PAUSE_MS, leftMs > 0 ? leftMs : Infinity);
      }
      if (!this.stopping) await this.bell.wait(pauseMs);
    }
  }

  private async beat(): Promise<void> {
    const { store, leaseMs, gained, announce } = this.settings;
    const sent = performance.now();
    const beat = await store.beat(leaseMs);
    const hadLapsed = performance.now() >= this.validUntil;
    this.validUntil = sent + leaseMs;
    this.reconcile(beat, hadLapsed);
    const share = Math.ceil(SLOTS / beat.live);
    this.leaveAbove(share);
    await this.giveBack();
    const wanted = share - this.owned.size;
    if (wanted <= 0 || this.stopping) return;
    const claimed = beat.free === 0 ? [] : await store.claim(leaseMs, wanted);
    for (const { slot, fence } of claimed) this.owned.set(slot, fence);
    if (claimed.length > 0) gained(claimed);
    // The others may not know of this one yet. Said once, as not everybody can have the whole share.
    if (claimed.length < wanted && beat.live !== this.announcedTo) announce();
    this.announcedTo = beat.live;
  }

  /** @param hadLapsed - whether the leases had been over, so that what runs may have stopped in between */
  private reconcile({ owned }: Beat, hadLapsed: boolean): void {
    const fences = new Map(owned.map(({ slot, fence }) => [slot, fence]));
    for (const [slot, fence] of this.owned) if (fences.get(slot) !== fence) this.lose(slot);
    const regained = owned.filter(({ slot }) => hadLapsed || !this.owned.has(slot));
    for (const { slot, fence } of regained) this.owned.set(slot, fence);
    if (regained.length > 0) this.settings.gained(regained);
  }

  /** Those in which nothing runs first. */
  private leaveAbove(share: number): void {
    const { isBusy } = this.settings;
    const slots = [...this.owned.keys()].sort((a, b) => Number(isBusy(a)) - Number(isBusy(b)));
    this.leaving.clear();
    for (const slot of slots.slice(0, Math.max(0, slots.length - share))) this.leaving.add(slot);
  }

  private async giveBack(): Promise<void> {
    const { store, isBusy, announce } = this.settings;
    const free = [...this.leaving].filter((slot) => !isBusy(slot));
    if (free.length === 0) return;
    // Forgotten first: nothing is begun in a slot that somebody else may have by then.
    for (const slot of free) this.lose(slot);
    await store.release(free);
    announce();
  }

  private lose(slot: number): void {
    this.owned.delete(slot);
    this.leaving.delete(slot);
    this.settings.lost(slot);
  }

  private loseAll(): void {
    for (const slot of [...this.owned.keys()]) this.lose(slot);
  }
}
