import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../support/until.js';
import { findBroken, NOTHING_BROKEN, OutboxProcesses } from './outbox-processes.js';
import { useOutbox, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(120_000);

const KEYS = Array.from({ length: 12 }, (_, index) => `k${index}`);

let scene: OutboxScene;
let processes: OutboxProcesses;
useOutbox((opened) => (scene = opened));
beforeEach(async () => {
  await scene.database.query('CREATE TABLE letter (key text, number int, PRIMARY KEY (key, number))');
  const started = (processes = new OutboxProcesses(scene.database.url));
  scene.endWith(() => started.destroy());
});
afterEach(async () => {
  await processes.closeAll();
});

async function start(name: string): Promise<ChildProcess> {
  const child = processes.start(name, { deliver: true });
  await processes.said('open', name);
  return child;
}

/** It ends with its standard input. */
async function endOf(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await once(child, 'close');
}

/** How many slots each instance has, the most first. */
const shares = async () =>
  (await scene.slots()).map(({ owner, count }) => (owner === null ? 0 : count)).sort((a, b) => b - a);

async function areShared(expected: readonly number[]): Promise<void> {
  const isEven = async () => JSON.stringify(await shares()) === JSON.stringify(expected);
  if (!(await until(isEven, 30_000))) expect(await shares()).toEqual(expected);
}

async function committed(): Promise<string[]> {
  const rows = await scene.database.query<{ place: string }>(
    "SELECT key || ':' || number AS place FROM letter",
  );
  return rows.map(({ place }) => place);
}

describe('the instances of an application', () => {
  it('share the slots evenly when one joins, leaves and is killed, and deliver everything meanwhile in its order', async () => {
    const first = await start('first');
    await areShared([64]);
    const writer = processes.start('writer', { deliver: false, write: { keys: KEYS, count: 10_000 } });
    await start('second');
    await areShared([32, 32]);
    const third = await start('third');
    await areShared([22, 22, 20]);
    await start('fourth');
    await areShared([16, 16, 16, 16]);
    await endOf(first);
    await areShared([22, 22, 20]);
    third.kill('SIGKILL');
    await once(third, 'close');
    await areShared([32, 32]);
    await endOf(writer);
    await scene.drained(60_000);
    await processes.closeAll();
    const places = await committed();
    expect(places.length).toBeGreaterThan(100);
    expect(findBroken(processes.lines(), places)).toEqual(NOTHING_BROKEN);
    const names = new Set(processes.lines('delivered').map(({ name }) => name));
    expect([...names].sort()).toEqual(['first', 'fourth', 'second', 'third']);
  });
});
