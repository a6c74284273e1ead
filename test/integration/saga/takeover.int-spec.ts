import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  Database,
  Saga,
  saga,
  SagaFailedError,
  SagaKeyConflictError,
  ShuttingDownError,
} from '../../../libs/database/src/index.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { useSagaBench, type SagaBench } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';
import { timeOf } from '../../support/stopwatch.js';

let bench: SagaBench;
useSagaBench((created) => (bench = created));

/** What a call of a step does, by the key of the saga; undefined: nothing but to be noted. */
const gates = new Map<string, () => unknown>();
const calls: string[] = [];

/** A gate that a test opens. */
function gate(key: string) {
  let open: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let reached: (() => void) | undefined;
  const isReached = new Promise<void>((resolve) => (reached = resolve));
  gates.set(key, async () => {
    gates.delete(key);
    reached?.();
    await opened;
  });
  return { isReached, open: () => open?.() };
}

@Saga('trip', { version: 1, maxRecoveries: 3 })
class TripSaga {
  constructor(private readonly db: Database) {}

  readonly steps = saga<{ fails?: string }>()
    .tx('hotel', {
      initialDelayMs: 1,
      run: async ({ key, input }) => await this.book('hotel', key, input.fails),
      undo: ({ key }) => this.unbook('hotel', key),
    })
    .call('flight', {
      initialDelayMs: 1,
      run: async ({ key, idempotencyKey, input }) => {
        calls.push(idempotencyKey);
        await gates.get(`${key} flight`)?.();
        if (input.fails === 'flight') throw new Error('flight fails');
        return 'flown';
      },
      undo: async ({ key, doKey }, result) => {
        calls.push(`undo ${doKey} ${String(result)}`);
        await gates.get(`${key} undo flight`)?.();
      },
    })
    .tx('car', { initialDelayMs: 1, run: async ({ key, input }) => await this.book('car', key, input.fails) })
    .result(({ out }) => [out.hotel, out.flight, out.car]);

  private async book(what: string, key: string, fails: string | undefined): Promise<string> {
    await this.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [`${key} ${what}`]);
    await gates.get(`${key} ${what}`)?.();
    if (fails === what) throw new Error(`${what} fails`);
    return what;
  }

  private async unbook(what: string, key: string): Promise<void> {
    await this.db.query('DELETE FROM category WHERE name = $1', [`${key} ${what}`]);
    await gates.get(`${key} undo ${what}`)?.();
  }
}

const DONE = ['hotel', 'flown', 'car'];
const named = (key: string) => [`${key} car`, `${key} hotel`];
/** Takes the saga away from whoever has it, as if another instance had claimed it, and its lease had run out again. */
const takeAway = async (key: string) => {
  await bench.database.query(
    `WITH taken AS (UPDATE nestjs_database.saga SET fence = fence + 1 WHERE key = $1 RETURNING id)
     UPDATE nestjs_database.saga_lease l SET owner = $2, due_at = clock_timestamp(), recoveries = recoveries + 1
       FROM taken WHERE l.saga_id = taken.id`,
    [key, randomUUID()],
  );
};
const stateOf = async (key: string) => {
  const [row] = await bench.rows<{ state: string }>('saga', 'key = $1', [key]);
  return row?.state;
};
const isState = async (key: string, state: string) => {
  expect(await until(async () => (await stateOf(key)) === state, 10_000)).toBe(true);
};

describe('a saga that was left', () => {
  it('R19, R8: is ended by another instance from where its journal says; nothing that is done is done again', async () => {
    const one = await bench.start([TripSaga]);
    const flight = gate('left flight');
    const running = one.sagas.run(TripSaga, { key: 'left', input: {} });
    await flight.isReached;
    const two = await bench.start([TripSaga]);
    await takeAway('left');
    const elsewhere = two.sagas.run(TripSaga, { key: 'left', input: {} });
    expect(await elsewhere).toEqual(DONE);
    // The instance that had it comes back, and hears of the end as well.
    flight.open();
    expect(await running).toEqual(DONE);
    expect(await bench.stored()).toEqual(named('left'));
    expect(calls.filter((call) => call.includes(':left:'))).toEqual(Array(2).fill('trip:left:flight:do'));
    expect(await one.sagas.get(TripSaga, 'left')).toMatchObject({ state: 'completed' });
  });

  it('R21: is not written to by its former owner: neither a step nor an undo of it is committed', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    const car = gate('stale car');
    const running = one.sagas.run(TripSaga, { key: 'stale', input: {} });
    running.catch(() => undefined);
    await car.isReached;
    await takeAway('stale');
    car.open();
    expect(await until(() => bench.points('stale').includes('do car recording'), 5_000)).toBe(true);
    await until(() => false, 200);
    // Its last step was rolled back by the guard in its COMMIT.
    expect(await bench.stored()).toEqual(['stale hotel']);
    expect(await stateOf('stale')).toBe('running');
    const two = await bench.start([TripSaga]);
    expect(await two.sagas.run(TripSaga, { key: 'stale', input: {} })).toEqual(DONE);
    expect(await running).toEqual(DONE);
    expect(await bench.stored()).toEqual(named('stale'));
  });

  it('R21, R14: is not taken back by its former owner: the undo that it was at is rolled back', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    const undo = gate('undone undo hotel');
    const running = one.sagas.run(TripSaga, { key: 'undone', input: { fails: 'car' } });
    running.catch(() => undefined);
    await undo.isReached;
    await takeAway('undone');
    undo.open();
    expect(await until(() => bench.points('undone').includes('undo hotel recording'), 5_000)).toBe(true);
    // Nobody looks yet: it is there until somebody does.
    expect(
      await until(async () => (await one.sagas.get(TripSaga, 'undone'))?.state !== 'compensating', 300),
    ).toBe(false);
    expect(await bench.stored()).toEqual(['undone hotel']);
    await bench.start([TripSaga]);
    await expect(running).rejects.toMatchObject({ state: 'compensated', compensated: ['flight', 'hotel'] });
    expect(await bench.stored()).toEqual([]);
  });

  it('R20: is taken by one of many instances that look at the same time', async () => {
    const first = await bench.start([TripSaga], { engine: { execute: false } });
    const keys = Array.from({ length: 40 }, (_, index) => `many ${index}`);
    for (const key of keys) await first.sagas.enqueue(TripSaga, { key, input: {} });
    // On a busy machine a short lease runs out with its owner at work.
    const engine = { leaseMs: 60_000 };
    const others = await Promise.all([1, 2, 3].map(() => bench.start([TripSaga], { engine })));
    for (const key of keys) expect(await others[0]!.sagas.run(TripSaga, { key, input: {} })).toEqual(DONE);
    expect(await bench.stored()).toHaveLength(80);
    for (const key of keys) expect(calls.filter((call) => call.includes(`:${key}:`))).toHaveLength(1);
  });

  it('R13, R14, R19: is taken back by another instance from where the first one was', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    const undo = gate('back undo flight');
    const running = one.sagas.run(TripSaga, { key: 'back', input: { fails: 'car' } });
    running.catch(() => undefined);
    await undo.isReached;
    await takeAway('back');
    const two = await bench.start([TripSaga]);
    const error = await two.sagas
      .run(TripSaga, { key: 'back', input: { fails: 'car' } })
      .catch((thrown: unknown) => thrown);
    undo.open();
    expect(error).toBeInstanceOf(SagaFailedError);
    expect(error).toMatchObject({
      step: 'car',
      compensated: ['flight', 'hotel'],
      cause: { message: 'car fails' },
    });
    await expect(running).rejects.toThrow(SagaFailedError);
    expect(await bench.stored()).toEqual([]);
  });

  it('R25: is dead when it was taken over too often, and the count is not lost with its owners', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    await one.sagas.enqueue(TripSaga, { key: 'poison', input: {} });
    // Three owners have died of it.
    await bench.database.query(
      'UPDATE nestjs_database.saga_lease SET owner = $1, due_at = clock_timestamp(), recoveries = 3',
      [randomUUID()],
    );
    const two = await bench.start([TripSaga]);
    const error = await two.sagas
      .run(TripSaga, { key: 'poison', input: {} })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ state: 'dead', cause: { code: 'SAGA_RECOVERY_LIMIT' } });
    expect(await two.sagas.get(TripSaga, 'poison')).toMatchObject({ state: 'dead', recoveries: 4 });
    expect(calls.filter((call) => call.includes(':poison:'))).toEqual([]);
    await two.sagas.retryDead(TripSaga, 'poison', { note: 'mended' });
    expect(await two.sagas.run(TripSaga, { key: 'poison', input: {} })).toEqual(DONE);
    expect(await bench.rows('saga_audit')).toMatchObject([{ action: 'retried', note: 'mended' }]);
  });

  it('R25, R31: goes on from where it stood when it is retried: back, where it was on its way back', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    await one.sagas.enqueue(TripSaga, { key: 'homeward', input: {} });
    // Its owners have died of it before they could take anything back.
    await bench.database.query(
      'UPDATE nestjs_database.saga_lease SET owner = $1, due_at = clock_timestamp(), recoveries = 3',
      [randomUUID()],
    );
    await bench.database.query("UPDATE nestjs_database.saga SET state = 'compensating'");
    const two = await bench.start([TripSaga]);
    await isState('homeward', 'dead');
    expect(await two.sagas.get(TripSaga, 'homeward')).toMatchObject({
      error: { code: 'SAGA_RECOVERY_LIMIT', direction: 'undo' },
    });
    await two.sagas.retryDead(TripSaga, 'homeward');
    await isState('homeward', 'compensated');
    expect(calls.filter((call) => call.includes(':homeward:'))).toEqual([]);
  });

  it('R31: goes forward when somebody says so, also where it was to be cancelled before', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    await one.sagas.enqueue(TripSaga, { key: 'anyway', input: {} });
    await one.sagas.cancel(TripSaga, 'anyway');
    await bench.database.query(
      'UPDATE nestjs_database.saga_lease SET owner = $1, due_at = clock_timestamp(), recoveries = 3',
      [randomUUID()],
    );
    const two = await bench.start([TripSaga]);
    await isState('anyway', 'dead');
    await two.sagas.retryDead(TripSaga, 'anyway', { direction: 'forward' });
    expect(await two.sagas.run(TripSaga, { key: 'anyway', input: {} })).toEqual(DONE);
  });

  // Naive: all that an instance has taken with the one that ends its process count with it, and are dead together.
  it('R24: is taken by itself where its owners have died again and again, while others go on; more of them once it has ended', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    const keys = ['first', 'second', 'third'];
    for (const key of keys) await one.sagas.enqueue(TripSaga, { key, input: {} });
    await bench.database.query(
      'UPDATE nestjs_database.saga_lease SET owner = $1, due_at = clock_timestamp(), recoveries = 1',
      [randomUUID()],
    );
    const gates = keys.map((key) => gate(`${key} flight`));
    const two = await bench.start([TripSaga], { engine: { leaseMs: 60_000 } });
    await Promise.race(gates.map(({ isReached }) => isReached));
    // Looked for many times meanwhile.
    for (const key of ['other 1', 'other 2'])
      expect(await two.sagas.run(TripSaga, { key, input: {} })).toEqual(DONE);
    const taken = () => keys.filter((key) => bench.points(key).some((point) => point.includes('taken-over')));
    expect(taken()).toHaveLength(1);
    for (const { open } of gates) open();
    for (const key of keys) await isState(key, 'completed');
    expect(await two.sagas.list({ state: 'dead' })).toEqual([]);
  });

  it('R24: stops nobody else, however it fails', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    const keys = Array.from({ length: 5 }, (_, index) => `good ${index}`);
    await one.sagas.enqueue(TripSaga, { key: 'locked', input: {} });
    for (const key of keys) await one.sagas.enqueue(TripSaga, { key, input: {} });
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    // Somebody holds a lock on the saga, as a transaction in doubt does: taking it over has to wait.
    const holder = one.transactions.run(
      async () => {
        await one.db.query(`SELECT id FROM nestjs_database.saga WHERE key = 'locked' FOR SHARE`);
        await held;
      },
      { timeoutMs: 20_000 },
    );
    const two = await bench.start([TripSaga]);
    for (const key of keys) expect(await two.sagas.run(TripSaga, { key, input: {} })).toEqual(DONE);
    expect(await stateOf('locked')).toBe('running');
    release?.();
    await holder;
    expect(await two.sagas.run(TripSaga, { key: 'locked', input: {} })).toEqual(DONE);
  });
});

describe('enqueue', () => {
  it('R3: begins a saga with the commit of the caller, in the same write, and never before', async () => {
    const one = await bench.start([TripSaga]);
    await one.transactions.run(async () => {
      await one.db.query(`INSERT INTO category (name, slug) VALUES ('order', 'order')`);
      await one.sagas.enqueue(TripSaga, { key: 'r3', input: {} });
      expect(await bench.rows('saga')).toEqual([]);
    });
    expect(await one.sagas.run(TripSaga, { key: 'r3', input: {} })).toEqual(DONE);
    expect(await bench.stored()).toEqual(['order', ...named('r3')].toSorted());
  });

  it('R3: leaves nothing where the caller is rolled back', async () => {
    const one = await bench.start([TripSaga]);
    const rolledBack = one.transactions.run(async () => {
      await one.sagas.enqueue(TripSaga, { key: 'gone', input: {} });
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await bench.rows('saga')).toEqual([]);
    expect(await one.sagas.get(TripSaga, 'gone')).toBeNull();
  });

  it('R2, R3: fails the transaction where the key belongs to a saga with another input, and says which', async () => {
    const one = await bench.start([TripSaga]);
    await one.sagas.run(TripSaga, { key: 'taken', input: {} });
    const enqueue = (inputs: Record<string, { fails?: string }>) =>
      one.transactions.run(async () => {
        await one.db.query(`INSERT INTO category (name, slug) VALUES ('mine', 'mine')`);
        for (const [key, input] of Object.entries(inputs)) await one.sagas.enqueue(TripSaga, { key, input });
      });
    const error = await enqueue({ other: {}, taken: { fails: 'car' }, last: {} }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(SagaKeyConflictError);
    expect(error).toMatchObject({ saga: 'trip', key: 'taken', outcome: 'not-applied' });
    expect(await bench.stored()).toEqual(named('taken'));
    expect(await one.sagas.get(TripSaga, 'other')).toBeNull();
    // With the same input nothing happens.
    await enqueue({ taken: {} });
    expect(await bench.rows('saga')).toHaveLength(1);
  });

  it('begins at once in another instance, which is notified', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    await bench.start([TripSaga], { engine: { pollMs: 60_000 } });
    // Both may still be about to listen.
    await until(() => false, 300);
    await one.sagas.enqueue(TripSaga, { key: 'notified', input: {} });
    await isState('notified', 'completed');
  });
});

describe('an instance that shuts down', () => {
  it('R26: hands back its sagas after the step that is under way, and another one goes on at once', async () => {
    const one = await bench.start([TripSaga], { engine: { leaseMs: 60_000 } });
    const flight = gate('down flight');
    const running = one.sagas.run(TripSaga, { key: 'down', input: {} });
    running.catch(() => undefined);
    await flight.isReached;
    const closing = one.close();
    // Otherwise the next step may begin before it has heard that it is to end.
    const probe = { key: 'probe', input: {} };
    const refuses = () =>
      one.sagas.enqueue(TripSaga, probe).then(
        () => false,
        (error) => error instanceof ShuttingDownError,
      );
    expect(await until(refuses, 10_000)).toBe(true);
    flight.open();
    await closing;
    await expect(running).rejects.toThrow(ShuttingDownError);
    expect(bench.points('down').at(-1)).toBe('do flight recorded');
    const two = await bench.start([TripSaga], { engine: { leaseMs: 60_000 } });
    expect(await two.sagas.run(TripSaga, { key: 'down', input: {} })).toEqual(DONE);
    expect(calls.filter((call) => call.includes(':down:'))).toHaveLength(1);
    expect(await two.sagas.get(TripSaga, 'down')).toMatchObject({ recoveries: 0 });
  });

  it('R26: hands back within its time what does not end', async () => {
    const one = await bench.start([TripSaga], {
      engine: { leaseMs: 60_000 },
      module: { shutdown: { timeoutMs: 500, drainMs: 0 } },
    });
    const flight = gate('stuck flight');
    const running = one.sagas.run(TripSaga, { key: 'stuck', input: {} });
    running.catch(() => undefined);
    await flight.isReached;
    // Nothing would open the gate.
    expect(await timeOf(() => one.close())).toBeLessThan(3_000);
    const two = await bench.start([TripSaga]);
    expect(await two.sagas.run(TripSaga, { key: 'stuck', input: {} })).toEqual(DONE);
    flight.open();
  });

  it('R26: does not wait for a server that is silent while it is asked what there is to do', async () => {
    await using proxy = await FaultProxy.start({ upstream: bench.database.url });
    const one = await bench.start([TripSaga], {
      module: {
        url: proxy.url,
        timeouts: { statementMs: 60_000 },
        shutdown: { timeoutMs: 500, drainMs: 0 },
      },
    });
    await proxy.onRequest({ statement: /saga_lease/ }, { do: 'stall' }).happened();
    expect(await timeOf(() => one.close())).toBeLessThan(3_000);
  });
});

describe('heartbeats', () => {
  it('R19, C12: keep a saga with its owner for as long as a step takes', async () => {
    const one = await bench.start([TripSaga], { engine: { leaseMs: 300 } });
    await bench.start([TripSaga], { engine: { leaseMs: 300 } });
    const flight = gate('long flight');
    const running = one.sagas.run(TripSaga, { key: 'long', input: {} });
    await flight.isReached;
    const beats = () => bench.events.filter(({ point, key }) => point === 'beat' && key === 'long').length;
    expect(await until(() => beats() >= 8, 10_000)).toBe(true);
    flight.open();
    expect(await running).toEqual(DONE);
    expect(calls.filter((call) => call.includes(':long:'))).toHaveLength(1);
  });

  // Naive: one statement that prolongs all of them waits for the one that is locked, and all leases run out.
  it('R19, R30: go on for all others while somebody cancels a saga in a transaction that takes its time', async () => {
    const one = await bench.start([TripSaga], { engine: { leaseMs: 1_000 } });
    const gates = ['locked in', 'beside it'].map((key) => ({ key, ...gate(`${key} flight`) }));
    const running = gates.map(({ key }) => one.sagas.run(TripSaga, { key, input: {} }));
    const cancelled = expect(running[0]).rejects.toThrow(SagaFailedError);
    await Promise.all(gates.map(({ isReached }) => isReached));
    const dueOf = async (key: string) => {
      const where = 'saga_id = (SELECT id FROM nestjs_database.saga WHERE key = $1)';
      const [lease] = await bench.rows<{ due_at: Date }>('saga_lease', where, [key]);
      return Number(lease?.due_at);
    };
    await one.transactions.run(async () => {
      await one.sagas.cancel(TripSaga, 'locked in');
      const before = await dueOf('beside it');
      expect(await until(async () => (await dueOf('beside it')) > before, 10_000)).toBe(true);
    });
    for (const { open } of gates) open();
    await cancelled;
    expect(await running[1]).toEqual(DONE);
    expect(await one.sagas.get(TripSaga, 'beside it')).toMatchObject({ recoveries: 0 });
  });

  it('R24: are taken although they are suspected, when another suspect is alive here and waits', async () => {
    const one = await bench.start([TripSaga], { engine: { execute: false } });
    for (const key of ['waiting', 'behind it']) await one.sagas.enqueue(TripSaga, { key, input: {} });
    await bench.database.query('UPDATE nestjs_database.saga_lease SET recoveries = 2');
    const flight = gate('waiting flight');
    const two = await bench.start([TripSaga], { engine: { leaseMs: 600 } });
    await flight.isReached;
    const state = async () => (await two.sagas.get(TripSaga, 'behind it'))?.state;
    expect(await until(async () => (await state()) === 'completed', 8_000)).toBe(true);
    expect(await two.sagas.get(TripSaga, 'waiting')).toMatchObject({ state: 'running' });
    flight.open();
    expect(await two.sagas.run(TripSaga, { key: 'waiting', input: {} })).toEqual(DONE);
  });

  it('do not disturb a step that reads a snapshot', async () => {
    const one = await bench.start([TripSaga], {
      engine: { leaseMs: 300 },
      module: { transaction: { isolationLevel: 'RepeatableRead', retry: false } },
    });
    const car = gate('snapshot car');
    const running = one.sagas.run(TripSaga, { key: 'snapshot', input: {} });
    await car.isReached;
    const beats = () => bench.events.filter(({ point }) => point === 'beat').length;
    const before = beats();
    expect(await until(() => beats() >= before + 3, 10_000)).toBe(true);
    car.open();
    expect(await running).toEqual(DONE);
    expect(bench.points('snapshot').filter((point) => point === 'do car running')).toHaveLength(1);
    // The lease that the last step could not take along is dropped by whoever looks next.
    expect(await until(async () => (await bench.rows('saga_lease')).length === 0, 5_000)).toBe(true);
  });
});
