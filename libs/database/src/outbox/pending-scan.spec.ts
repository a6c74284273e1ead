import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Candidate, OutboxStore } from './outbox-store.js';
import { PendingScan } from './pending-scan.js';

const NEVER_MS = 3_600_000;

/** What is pending, in memory; counts what it is asked for. */
class Pending {
  rows: Candidate[] = [];
  readonly reads: { readonly after: Map<number, bigint>; readonly limit: number }[] = [];
  failure: Error | undefined;

  add(slot: number, seq: number, waitMs = 0): void {
    this.rows.push({ slot, seq: BigInt(seq), topic: 'order', key: `key ${seq}`, waitMs });
  }

  scan(after: ReadonlyMap<number, bigint>, limit: number): Promise<Candidate[]> {
    this.reads.push({ after: new Map(after), limit });
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(
      [...after].flatMap(([slot, place]) =>
        this.rows
          .filter((row) => row.slot === slot && row.seq > place)
          .sort((a, b) => Number(a.seq - b.seq))
          .slice(0, limit),
      ),
    );
  }
}

let pending: Pending;
let scan: PendingScan;
let taken: bigint[];
const take = ({ seq }: Candidate): boolean => taken.push(seq) > 0;
/** Goes on until there is nothing to be looked for. */
const look = async (slots: readonly number[]): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) {
    await scan.next(slots, take);
    if (scan.idleMs > 1_000) return;
    if (scan.idleMs > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('It does not come to an end.');
};

beforeEach(() => {
  pending = new Pending();
  taken = [];
  scan = new PendingScan(pending as unknown as OutboxStore, NEVER_MS);
});

describe('PendingScan', () => {
  it('walks through everything at the beginning, in chunks, each place once', async () => {
    for (let seq = 1; seq <= 2_500; seq++) pending.add(1, seq);
    await look([1]);
    expect(taken).toEqual(Array.from({ length: 2_500 }, (_, index) => BigInt(index + 1)));
    expect(pending.reads.map(({ after }) => after.get(1))).toEqual([-1n, 1_000n, 2_000n]);
  });

  it('reads no more at once the more slots there are, and never fewer than a few of each', async () => {
    const slots = Array.from({ length: 64 }, (_, slot) => slot);
    for (const slot of slots) pending.add(slot, slot + 1);
    await look(slots);
    expect(taken).toHaveLength(64);
    expect(pending.reads.map(({ limit }) => limit)).toEqual([16]);
  });

  it('rests until the next poll when it has come to the end', async () => {
    await look([1, 2]);
    const reads = pending.reads.length;
    pending.add(1, 1);
    await scan.next([1, 2], take);
    expect(pending.reads).toHaveLength(reads);
    expect(scan.idleMs).toBeGreaterThan(NEVER_MS / 2);
  });

  it('looks at once when it is woken, and does not look twice for it', async () => {
    await look([1]);
    pending.add(1, 7);
    scan.wake();
    await look([1]);
    expect(taken).toEqual([7n]);
    const reads = pending.reads.length;
    await look([1]);
    expect(pending.reads).toHaveLength(reads);
  });

  it('has the walk come to what is more than a look at what is new holds', async () => {
    await look([1]);
    for (let seq = 1; seq <= 1_500; seq++) pending.add(1, seq);
    scan.wake();
    await look([1]);
    expect(new Set(taken).size).toBe(1_500);
  });

  it('looks again where a look at what is new has failed', async () => {
    await look([1]);
    pending.add(1, 3);
    scan.wake();
    pending.failure = new Error('away');
    await expect(look([1])).rejects.toThrow('away');
    await look([1]);
    expect(taken).toEqual([3n]);
  });

  it('goes through a slot from its beginning when the instance gets it, and through no other one', async () => {
    pending.add(1, 1);
    await look([1]);
    pending.add(2, 2);
    scan.include(2);
    await look([1, 2]);
    expect(taken).toEqual([1n, 2n]);
    expect([...(pending.reads.at(-1)?.after.keys() ?? [])]).toEqual([2]);
  });

  it('does not read a slot that was lost on the way', async () => {
    for (let seq = 1; seq <= 1_200; seq++) pending.add(1, seq);
    scan.include(1);
    await scan.next([1], take);
    scan.forget(1);
    const reads = pending.reads.length;
    await scan.next([2], take);
    for (const { after } of pending.reads.slice(reads)) expect(after.has(1)).toBe(false);
  });

  it('leaves what is to wait, and comes back for it at its time, long before the next poll', async () => {
    pending.add(1, 1, 20);
    pending.add(1, 2, 60_000);
    await scan.next([1], take);
    expect(taken).toEqual([]);
    expect(scan.idleMs).toBeLessThanOrEqual(20);
    pending.rows[0] = { ...pending.rows[0], waitMs: 0 } as Candidate;
    await look([1]);
    expect(taken).toEqual([1n]);
    expect(scan.idleMs).toBeLessThanOrEqual(60_000);
  });

  it('rests after a look that has found no news, so that a backlog nobody can deliver does not keep it busy', async () => {
    for (let seq = 1; seq <= 3_000; seq++) pending.add(1, seq);
    let resting = 0;
    const busy: PendingScan = new PendingScan(
      {
        scan: async (after: ReadonlyMap<number, bigint>, limit: number) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return pending.scan(after, limit);
        },
      } as unknown as OutboxStore,
      NEVER_MS,
    );
    for (let turn = 0; turn < 2; turn++) {
      await busy.next([1], () => false);
      if (busy.idleMs > 0) resting += 1;
      await new Promise((resolve) => setTimeout(resolve, busy.idleMs + 1));
    }
    expect(resting).toBe(2);
  });

  it('reads nothing without slots', async () => {
    scan.wake();
    await scan.next([], take);
    expect(pending.reads).toEqual([]);
  });
});

const candidate = (seq: bigint): Candidate => ({ slot: 0, seq, topic: 'order', key: null, waitMs: 0 });

/** One slot, of which each look reads what stands behind the place it is given. */
class Table {
  readonly pending: Candidate[] = [];
  onScan: () => void = () => undefined;

  readonly store = {
    scan: (after: ReadonlyMap<number, bigint>) => {
      this.onScan();
      const place = after.get(0) ?? 0n;
      return Promise.resolve(this.pending.filter(({ seq }) => seq > place));
    },
  } as unknown as OutboxStore;
}

describe('the scan of what is pending', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('comes to what has been waiting for long, also where something is written during each look', async () => {
    const table = new Table();
    const scan = new PendingScan(table.store, 1_000);
    const found: bigint[] = [];
    const look = (ms: number) => {
      jest.advanceTimersByTime(ms);
      return scan.next([0], ({ seq }) => found.push(seq) > 0);
    };
    let written = 1_000n;
    table.onScan = () => {
      table.pending.splice(0);
      table.pending.push(candidate((written += 1n)));
      scan.wake();
    };
    // Until a fresh look begins behind what is to be found.
    for (let turn = 0; turn < 30; turn += 1) await look(1_000);
    const { onScan } = table;
    table.onScan = () => {
      onScan();
      table.pending.unshift(candidate(5n));
    };
    for (let turn = 0; turn < 5; turn += 1) await look(1_000);
    expect(found).toContain(5n);
  });
});
