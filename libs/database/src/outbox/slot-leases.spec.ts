import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Beat, OutboxStore, OwnedSlot } from './outbox-store.js';
import { SLOTS } from './outbox.schema.js';
import { SlotLeases } from './slot-leases.js';

const LONG_MS = 3_600_000;

/** The table of the slots, in memory. Whoever is `dead` has let its leases end. */
class SlotTable {
  readonly owners = new Map<number, string>();
  readonly fences = new Map<number, bigint>();
  readonly live = new Set<string>();
  readonly dead = new Set<string>();

  get isFree(): (slot: number) => boolean {
    return (slot) => {
      const owner = this.owners.get(slot);
      return owner === undefined || this.dead.has(owner);
    };
  }

  get all(): number[] {
    return Array.from({ length: SLOTS }, (_, slot) => slot);
  }

  slotsOf(owner: string): number[] {
    return this.all.filter((slot) => this.owners.get(slot) === owner);
  }

  take(owner: string, slot: number): OwnedSlot {
    const fence = (this.fences.get(slot) ?? 0n) + 1n;
    this.owners.set(slot, owner);
    this.fences.set(slot, fence);
    return { slot, fence };
  }
}

/** An instance that shares the slots with others. */
class Instance {
  readonly busy = new Set<number>();
  readonly lost: number[] = [];
  readonly gained: number[] = [];
  beats = 0;
  announced = 0;
  failures = 0;
  /** What its next beats meet. */
  onBeat: () => Promise<void> = () => Promise.resolve();
  readonly leases: SlotLeases;

  constructor(
    private readonly table: SlotTable,
    readonly name: string,
    others: () => readonly Instance[],
    leaseMs = LONG_MS,
  ) {
    this.leases = new SlotLeases({
      store: this.store(),
      leaseMs,
      isBusy: (slot) => this.busy.has(slot),
      gained: (slots) => this.gained.push(...slots.map(({ slot }) => slot)),
      lost: (slot) => this.lost.push(slot),
      announce: () => {
        this.announced += 1;
        for (const other of others()) if (other !== this) other.leases.beatSoon();
      },
      failed: () => (this.failures += 1),
    });
  }

  get size(): number {
    return this.leases.size;
  }

  private store(): OutboxStore {
    const { table, name } = this;
    const store = {
      beat: async (): Promise<Beat> => {
        await this.onBeat();
        this.beats += 1;
        table.live.add(name);
        return {
          live: [...table.live].filter((owner) => !table.dead.has(owner)).length,
          free: table.all.filter(table.isFree).length,
          owned: table.slotsOf(name).map((slot) => ({ slot, fence: table.fences.get(slot) ?? 0n })),
        };
      },
      claim: (_: number, count: number): Promise<readonly OwnedSlot[]> =>
        Promise.resolve(
          table.all
            .filter(table.isFree)
            .slice(0, count)
            .map((slot) => table.take(name, slot)),
        ),
      release: (slots: readonly number[]): Promise<void> => {
        for (const slot of slots) if (table.owners.get(slot) === name) table.owners.delete(slot);
        return Promise.resolve();
      },
      leave: (): Promise<void> => {
        table.live.delete(name);
        return Promise.resolve();
      },
    };
    return store as unknown as OutboxStore;
  }
}

let table: SlotTable;
let instances: Instance[];

beforeEach(() => {
  table = new SlotTable();
  instances = [];
});
afterEach(async () => {
  await Promise.all(instances.map(({ leases }) => leases.stop()));
});

function join(name: string, leaseMs?: number): Instance {
  const instance = new Instance(table, name, () => instances, leaseMs);
  instances.push(instance);
  instance.leases.start();
  return instance;
}

/** Lets everything happen that is about to, without any clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const sizes = () => instances.map(({ size }) => size).sort((a, b) => b - a);

describe('the shares of the slots', () => {
  it('are all of them for one instance alone', async () => {
    const one = join('one');
    await settle();
    expect([one.size, one.leases.usable.length]).toEqual([SLOTS, SLOTS]);
  });

  it('are even among three, whoever comes when', async () => {
    for (const name of ['one', 'two', 'three']) {
      join(name);
      await settle();
    }
    expect(sizes()).toEqual([22, 22, 20]);
    expect(table.owners.size).toBe(SLOTS);
  });

  it('are taken up by the others when one leaves', async () => {
    for (const name of ['one', 'two', 'three']) join(name);
    await settle();
    const [first] = instances.splice(0, 1);
    await first?.leases.stop();
    await settle();
    expect(sizes()).toEqual([32, 32]);
  });

  it('are taken up by the others when one is killed and its leases have ended', async () => {
    for (const name of ['one', 'two', 'three']) join(name);
    await settle();
    const [victim] = instances.splice(0, 1);
    if (victim !== undefined) victim.onBeat = () => new Promise(() => undefined);
    table.dead.add('one');
    for (const { leases } of instances) leases.beatSoon();
    await settle();
    expect(sizes()).toEqual([32, 32]);
  });

  it('do not change any more once they are even: nobody asks for what nobody can give', async () => {
    for (const name of ['one', 'two', 'three']) join(name);
    await settle();
    const beats = instances.map((instance) => instance.beats);
    await settle();
    expect(instances.map((instance) => instance.beats)).toEqual(beats);
  });

  it('leave a slot with its instance while something runs in it', async () => {
    const one = join('one');
    await settle();
    for (const slot of table.all) one.busy.add(slot);
    const two = join('two');
    await settle();
    expect([one.size, two.size]).toEqual([SLOTS, 0]);
    // Half of them are to go: nothing new is begun there.
    expect(one.leases.usable).toHaveLength(SLOTS / 2);
    expect(one.lost).toEqual([]);
    for (const slot of table.all) {
      one.busy.delete(slot);
      one.leases.idle(slot);
    }
    await settle();
    expect([one.size, two.size]).toEqual([SLOTS / 2, SLOTS / 2]);
  });
});

describe('the lease of a slot', () => {
  it('is lost with the beat that finds another owner, and with another fence', async () => {
    const one = join('one');
    await settle();
    const before = one.leases.usableSlot(7);
    table.take('somebody else', 7);
    one.leases.beatSoon();
    await settle();
    expect(one.lost).toEqual([7]);
    expect(before && one.leases.holds(before)).toBe(false);
  });

  it('outlives a beat that fails, and ends with its time', async () => {
    const one = join('one', 300);
    await settle();
    one.onBeat = () => Promise.reject(new Error('away'));
    one.leases.beatSoon();
    await settle();
    expect([one.failures > 0, one.size]).toEqual([true, SLOTS]);
    while (one.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(one.lost).toHaveLength(SLOTS);
    expect(one.leases.usable).toEqual([]);
  });

  it('is gained anew where it had lapsed before a late beat, so that what stopped meanwhile is found', async () => {
    const one = join('one', 60);
    await settle();
    one.gained.length = 0;
    let answer: (() => void) | undefined;
    one.onBeat = () => new Promise((resolve) => (answer = resolve));
    one.leases.beatSoon();
    while (one.leases.usable.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    one.onBeat = () => Promise.resolve();
    answer?.();
    await settle();
    expect(new Set(one.gained).size).toBe(SLOTS);
    expect(one.lost).toEqual([]);
  });
});
