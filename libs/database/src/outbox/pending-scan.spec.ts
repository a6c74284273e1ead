import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Candidate, OutboxStore } from './outbox-store.js';
import { PendingScan } from './pending-scan.js';

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
