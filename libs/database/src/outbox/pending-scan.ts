import type { Candidate, OutboxStore } from './outbox-store.js';

/** How many places one statement reads, over all slots. */
const CHUNK = 1_000;
const MIN_PER_SLOT = 16;
/** For how long what is newly written is looked at again: a commit may come later than one with a higher number. */
const GRACE_MS = 10_000;
/** After a look that has found nothing to do it rests, so many times as long as that took. */
const REST_RATIO = 3;
const BEFORE_ALL = -1n;

/**
 * Finds what is pending, without reading it all each time.
 *
 * - A fresh look reads what was numbered in the last seconds: that is where new messages are.
 * - A walk goes through everything from the beginning, in chunks, with pauses where there is nothing to do. It finds
 *   what has been waiting, what was missed, and what an earlier owner of the slot has left.
 */
export class PendingScan {
  /** The slots that the walk has not come to the end of, each with the place it has come to. */
  private readonly walking = new Map<number, bigint>();
  private highest = BEFORE_ALL;
  private floor = BEFORE_ALL;
  private nextFloor = BEFORE_ALL;
  private rotatedAt = performance.now();
  /** By `performance.now()`, as all times here. */
  private notBefore = 0;
  private wantsFresh = false;
  private wasFresh = false;
  private nextWalkAt = 0;
  /** The earliest time that the walk has met so far. */
  private earliest = Infinity;

  constructor(
    private readonly store: OutboxStore,
    private readonly pollMs: number,
  ) {}

  /** There is something new. */
  wake(): void {
    this.wantsFresh = true;
  }

  /** Something is to be looked for from the beginning, in so many milliseconds. */
  walkIn(ms: number): void {
    this.nextWalkAt = Math.min(this.nextWalkAt, performance.now() + ms);
  }

  /** A slot that is new here: nobody knows what an earlier owner has left in it. */
  include(slot: number): void {
    this.walking.set(slot, BEFORE_ALL);
  }

  forget(slot: number): void {
    this.walking.delete(slot);
  }

  /** How long there is nothing to look for. */
  get idleMs(): number {
    const next = this.wantsFresh || this.walking.size > 0 ? this.notBefore : this.nextWalkAt;
    return Math.max(0, next - performance.now());
  }

  /**
   * Reads the next few places, where it is time.
   *
   * @param take - is handed what may be delivered now; says whether that is news
   */
  async next(slots: readonly number[], take: (candidate: Candidate) => boolean): Promise<void> {
    if (slots.length === 0 || this.idleMs > 0) return;
    const started = performance.now();
    // By turns: where something is written all the time, the walk would never get to what has been waiting.
    const isWalkDue = this.walking.size > 0 || started >= this.nextWalkAt;
    this.wasFresh = this.wantsFresh && !(this.wasFresh && isWalkDue);
    const candidates = await (this.wasFresh ? this.readFresh(slots) : this.readOn(slots));
    const ended = performance.now();
    let news = 0;
    for (const candidate of candidates) {
      if (candidate.seq > this.highest) this.highest = candidate.seq;
      if (candidate.waitMs > 0) this.earliest = Math.min(this.earliest, ended + candidate.waitMs);
      else if (take(candidate)) news += 1;
    }
    if (this.walking.size === 0) this.nextWalkAt = Math.min(this.nextWalkAt, this.earliest);
    this.notBefore = news > 0 ? 0 : ended + (ended - started) * REST_RATIO;
  }

  private async readFresh(slots: readonly number[]): Promise<readonly Candidate[]> {
    this.wantsFresh = false;
    this.raiseFloor();
    const limit = limitFor(slots.length);
    const places = new Map(slots.map((slot) => [slot, this.floor]));
    const candidates = await this.store.scan(places, limit).catch((error: unknown) => {
      this.wantsFresh = true;
      throw error;
    });
    // More than fits in: the walk comes to it in order.
    if ([...countBySlot(candidates).values()].some((count) => count === limit)) this.nextWalkAt = 0;
    return candidates;
  }

  private async readOn(slots: readonly number[]): Promise<readonly Candidate[]> {
    if (this.walking.size === 0) {
      for (const slot of slots) this.walking.set(slot, BEFORE_ALL);
      this.nextWalkAt = performance.now() + this.pollMs;
      this.earliest = Infinity;
    }
    const limit = limitFor(this.walking.size);
    const candidates = await this.store.scan(this.walking, limit);
    const counts = countBySlot(candidates);
    for (const slot of [...this.walking.keys()])
      if ((counts.get(slot) ?? 0) < limit) this.walking.delete(slot);
    for (const { slot, seq } of candidates) {
      const place = this.walking.get(slot);
      if (place !== undefined && seq > place) this.walking.set(slot, seq);
    }
    return candidates;
  }

  private raiseFloor(): void {
    const now = performance.now();
    if (now - this.rotatedAt < GRACE_MS) return;
    this.floor = this.nextFloor;
    this.nextFloor = this.highest;
    this.rotatedAt = now;
  }
}

function limitFor(slots: number): number {
  return Math.max(MIN_PER_SLOT, Math.ceil(CHUNK / slots));
}

function countBySlot(candidates: readonly Candidate[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { slot } of candidates) counts.set(slot, (counts.get(slot) ?? 0) + 1);
  return counts;
}
