import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../support/until.js';
import { findBroken, NOTHING_BROKEN, OutboxProcesses } from './outbox-processes.js';
import { useOutbox, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(240_000);

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
  await processes.said('open', name, 60_000);
  return child;
}

/** It ends with its standard input. */
async function endOf(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await once(child, 'close');
}

/** Writes the next five letters under each key, with their messages. */
async function writer(): Promise<() => Promise<void>> {
  const { transactions, outbox, db } = await scene.writer();
  let number = 0;
  return async () => {
    for (const end = number + 5; number < end;) {
      number += 1;
      for (const key of KEYS)
        await transactions.run(async () => {
          await db.query('INSERT INTO letter (key, number) VALUES ($1, $2)', [key, number]);
          outbox.add({ topic: 'order', key, payload: number });
        });
    }
  };
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
    const write = await writer();
    await start('second');
    await write();
    await areShared([32, 32]);
    const third = await start('third');
    await write();
    await areShared([22, 22, 20]);
    await start('fourth');
    await write();
    await areShared([16, 16, 16, 16]);
    await Promise.all([write(), endOf(first)]);
    await areShared([22, 22, 20]);
    const killed = once(third, 'close');
    third.kill('SIGKILL');
    await Promise.all([write(), killed]);
    await areShared([32, 32]);
    await write();
    await scene.drained(60_000);
    await processes.closeAll();
    const places = await committed();
    expect(places).toHaveLength(6 * 5 * KEYS.length);
    expect(findBroken(processes.lines(), places)).toEqual(NOTHING_BROKEN);
  });
});
