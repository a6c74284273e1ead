import { randomFillSync } from 'node:crypto';

const COUNTER_MAX = 0xfff;
/** Random bytes are drawn for many ids at once. */
const POOL_IDS = 128;
const RANDOM_BYTES = 8;

/** UUIDs of version 7 (RFC 9562): those of one source sort in the order in which they were made. */
export class TimeOrderedIds {
  private lastMs = 0;
  private counter = 0;
  private readonly pool = Buffer.alloc(POOL_IDS * RANDOM_BYTES);
  private used = POOL_IDS * RANDOM_BYTES;

  next(now: number = Date.now()): string {
    if (now > this.lastMs) {
      this.lastMs = now;
      this.counter = 0;
    } else if (this.counter === COUNTER_MAX) {
      // Ahead of the clock rather than out of order.
      this.lastMs += 1;
      this.counter = 0;
    } else {
      this.counter += 1;
    }
    const time = this.lastMs.toString(16).padStart(12, '0');
    const counter = this.counter.toString(16).padStart(3, '0');
    const random = this.random();
    random[0] = ((random[0] ?? 0) & 0x3f) | 0x80;
    const tail = random.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  }

  private random(): Buffer {
    if (this.used === this.pool.length) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    this.used += RANDOM_BYTES;
    return this.pool.subarray(this.used - RANDOM_BYTES, this.used);
  }
}
