import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { recoverAbandoned } from '../../support/saga/abandoned-sagas.js';
import { SagaProcesses } from '../../support/saga/saga-processes.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

jest.setTimeout(240_000);

let database: TestDatabase;
let processes: SagaProcesses;
beforeEach(async () => {
  database = await createTestDatabase();
  processes = await SagaProcesses.open(database);
});
afterEach(async () => {
  await processes.closeAll();
  await processes.destroy();
  await database.drop();
});

/** No test lives to see the end of such a lease. */
const LONG = { leaseMs: 600_000 };
const DONE = ['do archive', 'do hotel', 'do meal', 'do pay'];
const TOLD = { 'do flight': 1, 'do mail': 1, 'do seat': 1 };

describe('an instance that is told to end', () => {
  it('R26: ends its step if it can in the time it has, and hands back its sagas at once, however long their leases', async () => {
    const one = await processes.open('one', {
      engine: { ...LONG, execute: false },
      module: { shutdown: { timeoutMs: 3_000, drainMs: 0 } },
    });
    const quick = { saga: 'journey', key: 'quick', at: 'do-flight-running' };
    const stuck = { saga: 'journey', key: 'stuck', at: 'do-flight-running' };
    const within = { saga: 'journey', key: 'within', at: 'do-hotel-ran' };
    processes.run(one, [quick, stuck, within]);
    await processes.stand([quick, stuck, within]);
    await processes.open('two', { engine: LONG });
    one.kill('SIGTERM');
    processes.goOn(one, ['quick']);
    await processes.settled();
    const traces = await processes.traces(['quick', 'stuck', 'within']);
    for (const [key, { state, effects, told }] of traces)
      expect({ key, state, effects, told }).toEqual({ key, state: 'completed', effects: DONE, told: TOLD });
    // What was under way is ended where it was begun.
    expect(processes.points('quick', 'one')).toContain('do-flight-recorded');
    expect(processes.points('quick', 'two')).not.toContain('do-flight-running');
    if (one.signalCode === null) await once(one, 'close');
    expect(one.signalCode).toBe('SIGTERM');
  });
});

describe('instances with other versions of a saga', () => {
  it('R27, R28: leave alone what they do not know, until one comes that does', async () => {
    const old = await processes.open('old', { sagas: ['errand'] });
    const fresh = await processes.open('new', { sagas: ['errand', 'errand-2'], engine: { execute: false } });
    const second = Array.from({ length: 10 }, (_, index) => ({ saga: 'errand-2', key: `second-${index}` }));
    const first = Array.from({ length: 10 }, (_, index) => ({ saga: 'errand', key: `first-${index}` }));
    await processes.enqueue(fresh, 'new', [...second, ...first]);
    const states = async (version: number) => {
      const sql = 'SELECT state FROM nestjs_database.saga WHERE version = $1';
      return (await database.query<{ state: string }>(sql, [version])).map(({ state }) => state);
    };
    // Those that are behind them in the queue are done.
    await processes.holds('The first version waits', async () =>
      (await states(1)).every((s) => s === 'completed'),
    );
    expect(await states(2)).toEqual(Array(10).fill('running'));
    for (const { key } of second) expect(processes.points(key)).toEqual([]);
    await processes.open('newer', { sagas: ['errand', 'errand-2'] });
    await processes.settled();
    for (const { key } of second) {
      expect(processes.points(key, 'old')).toEqual([]);
      expect(processes.points(key, 'newer')).toContain('do-return-recorded');
    }
    expect(old.exitCode).toBeNull();
  });

  it('R27: do not start where the steps of a version have changed, and the others go on', async () => {
    const first = await processes.open('first', { sagas: ['errand'] });
    const changed = processes.start('changed', { sagas: ['errand-1-changed'] });
    await processes.said('failed', 'changed');
    if (changed.exitCode === null) await once(changed, 'close');
    expect(processes.linesOf('failed')).toEqual([['failed', 'SAGA_DEFINITION_CHANGED', 'changed']]);
    processes.run(first, [{ saga: 'errand', key: 'goes-on' }]);
    expect(await processes.end('goes-on')).toBe('completed');
  });
});

describe('a saga that its process dies of, each time', () => {
  it('R24, R25: is dead when it was taken over too often, and stops none of the others', async () => {
    const sagas = ['errand', 'poison'];
    const first = await processes.open('enqueues', { sagas, engine: { execute: false } });
    const good = Array.from({ length: 20 }, (_, index) => ({ saga: 'errand', key: `good-${index}` }));
    await processes.enqueue(first, 'enqueues', [{ saga: 'poison', key: 'poison' }, ...good]);
    for (const name of ['dies-1', 'dies-2', 'dies-3'])
      await processes.killed(processes.start(name, { sagas }), name);
    await processes.open('lives', { sagas });
    await processes.settled();
    const [poison] = await database.query(
      `SELECT state, error->>'code' AS code, recoveries FROM nestjs_database.saga
         JOIN nestjs_database.saga_lease ON saga_id = id WHERE key = 'poison'`,
    );
    expect(poison).toEqual({ state: 'dead', code: 'SAGA_RECOVERY_LIMIT', recoveries: 3 });
    const traces = await processes.traces(good.map(({ key }) => key));
    expect([...traces.values()].map(({ state }) => state)).toEqual(good.map(() => 'completed'));
  });
});

describe('many sagas whose process was killed', () => {
  it('R19, R24: are all ended by one other instance', async () => {
    await recoverAbandoned(processes, 150);
  });
});
