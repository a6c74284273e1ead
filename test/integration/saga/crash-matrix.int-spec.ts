import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import {
  isLeft,
  JOURNEYS,
  killAt,
  strikesOf,
  wrongOf,
  type Strike,
} from '../../support/saga/crash-matrix.js';
import { SagaProcesses } from '../../support/saga/saga-processes.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

jest.setTimeout(240_000);

/** How many sagas a process has when it is killed, each of them at another point; each needs a connection. */
const VICTIMS = 56;

/** It only begins sagas, and lives until it is killed. */
const VICTIM = { engine: { execute: false } };

let database: TestDatabase;
let processes: SagaProcesses;
beforeAll(async () => {
  database = await createTestDatabase();
  processes = await SagaProcesses.open(database);
});
afterAll(async () => {
  await processes.closeAll();
  await processes.destroy();
  await database.drop();
});

describe('a process that is killed', () => {
  let survivor: ChildProcess;
  beforeAll(async () => {
    survivor = await processes.open('survivor');
  });
  afterAll(() => processes.closeAll());

  it('R6-R8, R12-R14, R19, C0-C10: at any point of a saga leaves one that another instance ends, as if nothing had happened', async () => {
    const strikes = await strikesOf(processes, survivor, JOURNEYS, 'kill');
    expect(strikes.length).toBeGreaterThan(100);
    for (let index = 0; index * VICTIMS < strikes.length; index += 1) {
      const name = `victim-${index}`;
      const victim = await processes.open(name, VICTIM);
      await killAt(processes, victim, name, strikes.slice(index * VICTIMS, (index + 1) * VICTIMS));
    }
    await processes.settled();
    expect(await wrongOf(processes, strikes)).toEqual([]);
    const taken = strikes.filter(({ key }) => processes.points(key, 'survivor').includes('taken-over'));
    expect(taken).toEqual(strikes.filter(isLeft));
  });

  it('R6, R22, C3, C4: between the journal and COMMIT, or between COMMIT and its reply, leaves each effect there once', async () => {
    await using proxy = await FaultProxy.start({ upstream: database.url });
    const victim = await processes.open('at-commit', { ...VICTIM, url: proxy.url });
    const strikes = async (prefix: string): Promise<Strike[]> => {
      const all = await strikesOf(processes, victim, JOURNEYS.slice(0, 2), prefix);
      return all.filter(({ at }) => /-(hotel|meal|pay|archive)-recording$/.test(at));
    };
    const [stalled, unheard] = [await strikes('stall'), await strikes('reply')];
    expect(stalled.map(({ key }) => key)).toHaveLength(8);
    processes.run(victim, [...stalled, ...unheard]);
    await processes.stand([...stalled, ...unheard]);
    for (const { key } of [...stalled, ...unheard]) {
      const action = { do: key.startsWith('stall') ? 'stall' : 'holdReply' } as const;
      const commit = proxy.onRequest({ statement: /^COMMIT/ }, action);
      processes.goOn(victim, [key]);
      await commit.happened();
    }
    // The journal of those is written, and nobody knows it yet.
    const locked = `SELECT key FROM nestjs_database.saga WHERE key = ANY($1) AND key NOT IN
      (SELECT key FROM nestjs_database.saga WHERE key = ANY($1) FOR UPDATE SKIP LOCKED)`;
    const keys = [...stalled, ...unheard].map(({ key }) => key);
    const rows = await database.query<{ key: string }>(locked, [keys]);
    expect(rows.map(({ key }) => key).toSorted()).toEqual(stalled.map(({ key }) => key).toSorted());
    victim.kill('SIGKILL');
    await processes.killed(victim, 'at-commit');
    // What the proxy holds back never arrives.
    proxy.cut('rst');
    await processes.settled();
    expect(await wrongOf(processes, [...stalled, ...unheard])).toEqual([]);
  });

  it('leaves a saga that lives in its memory half done, for good', async () => {
    const naive = [{ saga: 'naive' }, { saga: 'naive', input: { fails: 'pay' } }];
    const strikes = await strikesOf(processes, survivor, naive, 'naive');
    const victim = await processes.open('naive-victim', VICTIM);
    const half = strikes.filter(({ at }) =>
      /^(do-flight|do-pay-running|undo-flight|undo-hotel-running)/.test(at),
    );
    await killAt(processes, victim, 'naive-victim', half);
    expect(half).toHaveLength(12);
    expect(await wrongOf(processes, half)).toHaveLength(12);
  });
});

describe('an instance that is killed when it has taken over', () => {
  it('R19, C11: before the first step, leaves sagas that the next one ends, wherever they stood', async () => {
    const first = await processes.open('first', VICTIM);
    const strikes = await strikesOf(processes, first, JOURNEYS, 'twice');
    const struck = strikes.filter((strike) => isLeft(strike)).filter((_, index) => index % 2 === 1);
    const second = await processes.open('second', { standAtTakeOver: true, engine: { concurrency: 100 } });
    processes.dieAt(second, struck.length);
    await killAt(processes, first, 'first', struck);
    await processes.killed(second, 'second');
    await processes.open('third');
    await processes.settled();
    expect(await wrongOf(processes, struck)).toEqual([]);
    for (const { key } of struck) expect(processes.points(key, 'second')).toEqual(['taken-over']);
  });
});
