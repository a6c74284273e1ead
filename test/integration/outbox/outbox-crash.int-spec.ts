import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OUTBOX_CHANNELS, TRANSACTION_CHANNELS } from '../../../libs/database/src/index.js';
import { until } from '../../support/until.js';
import { findBroken, NOTHING_BROKEN, OutboxProcesses } from './outbox-processes.js';
import { useOutbox, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(60_000);

const KEYS = ['a', 'b', 'c'];

let scene: OutboxScene;
let processes: OutboxProcesses;
useOutbox((opened) => (scene = opened));
beforeEach(async () => {
  await scene.database.query('CREATE TABLE letter (key text, number int, PRIMARY KEY (key, number))');
  processes = new OutboxProcesses(scene.database.url);
});
afterEach(async () => {
  await processes.destroy();
});

/** What was committed, by the application's own table. */
async function committed(): Promise<string[]> {
  const rows = await scene.database.query<{ place: string }>(
    "SELECT key || ':' || number AS place FROM letter",
  );
  return rows.map(({ place }) => place);
}

/** Those that became dead letters are dealt with, too. */
async function buried(): Promise<string[]> {
  const rows = await scene.database.query<{ place: string }>(
    "SELECT key || ':' || payload AS place FROM nestjs_database.outbox_dead",
  );
  return rows.map(({ place }) => place);
}

describe('a writer that is killed', () => {
  it.each([
    ['before COMMIT is sent', TRANSACTION_CHANNELS.committing],
    ['before its messages are sent', OUTBOX_CHANNELS.writing],
    ['after the commit', OUTBOX_CHANNELS.written],
  ])('%s has written its messages if, and only if, its transaction is committed', async (_, channel) => {
    await processes.runUntilKilled('writer', {
      deliver: false,
      write: { keys: KEYS, count: 50 },
      kill: { channel, times: 40 },
    });
    processes.start('sweeper', { deliver: true });
    await processes.said('open', 'sweeper');
    await scene.drained();
    await processes.closeAll();
    const places = await committed();
    expect(places.length).toBeGreaterThanOrEqual(35);
    expect(findBroken(processes.lines(), places)).toEqual(NOTHING_BROKEN);
  });

  it('after the commit loses the event without an outbox', async () => {
    await processes.runUntilKilled('writer', {
      deliver: false,
      naive: true,
      write: { keys: ['a'], count: 50 },
      kill: { channel: 'after commit', times: 20 },
    });
    expect(findBroken(processes.lines(), await committed())).toEqual({ ...NOTHING_BROKEN, lost: ['a:20'] });
  });
});

describe('a sweeper that is killed', () => {
  it.each(
    (['claimed', 'delivering', 'delivered', 'deleting', 'deleted', 'failed', 'dead'] as const).map((name) => [
      name,
    ]),
  )('at "%s" loses nothing, keeps the order of each key, and repeats only with the same id', async (name) => {
    await processes.runToEnd('writer', { deliver: false, write: { keys: KEYS, count: 30 } });
    const times = name === 'dead' || name === 'deleting' || name === 'deleted' ? 2 : 10;
    const outbox = { concurrency: 2, batchSize: 4 };
    await processes.runUntilKilled('first', {
      deliver: true,
      failing: true,
      outbox,
      kill: { channel: OUTBOX_CHANNELS[name], times },
    });
    processes.start('second', { deliver: true, failing: true, outbox });
    await processes.said('open', 'second');
    await scene.drained(20_000);
    await processes.closeAll();
    const dead = await buried();
    expect(dead.sort()).toEqual(KEYS.flatMap((key) => [`${key}:17`, `${key}:3`]).sort());
    const delivered = (await committed()).filter((place) => !dead.includes(place));
    expect(delivered).toHaveLength(84);
    expect(findBroken(processes.lines(), delivered)).toEqual(NOTHING_BROKEN);
    // Only what was between delivery and deletion comes twice.
    expect(processes.lines('delivered').length).toBeLessThanOrEqual(84 + 2 * 4);
  });

  it('does not hold up what others sweep', async () => {
    await processes.runToEnd('writer', { deliver: false, write: { keys: KEYS, count: 5 } });
    processes.start('idle', { deliver: true });
    await processes.said('open', 'idle');
    await scene.drained();
    const places = Array.from({ length: 30 }, (_, index) => `k${index}`);
    const victim = processes.start('victim', { deliver: true });
    await processes.said('open', 'victim');
    expect(await until(async () => (await scene.slots()).length === 2, 10_000)).toBe(true);
    victim.kill('SIGKILL');
    await processes.runToEnd('writer', { deliver: false, write: { keys: places, count: 1 } });
    // After a lease of one second.
    await scene.drained();
    await processes.closeAll();
    expect(findBroken(processes.lines(), await committed())).toEqual(NOTHING_BROKEN);
  });
});

describe('a sweeper that stalls for longer than its lease', () => {
  it('is replaced, delivers at most what it was about to when it wakes up, and changes no order', async () => {
    const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
    const stalled = processes.start('stalled', { deliver: true, outbox: { batchSize: 3 } });
    await processes.said('open', 'stalled');
    processes.start('writer', { deliver: false, write: { keys, count: 150 } });
    await until(() => processes.lines('delivered').length > 50, 10_000);
    stalled.kill('SIGSTOP');
    const before = processes.lines('delivered').filter(({ name }) => name === 'stalled').length;
    processes.start('other', { deliver: true });
    await processes.said('done', 'writer');
    await scene.drained(20_000);
    stalled.kill('SIGCONT');
    // It works again, which shows when it gets its share.
    expect(await until(async () => (await scene.slots()).length === 2, 10_000)).toBe(true);
    await processes.closeAll();
    const after = processes.lines('delivered').filter(({ name }) => name === 'stalled').length;
    // At most what it was in the middle of: one message for each of its keys.
    expect(after - before).toBeLessThanOrEqual(8);
    expect(findBroken(processes.lines(), await committed())).toEqual(NOTHING_BROKEN);
  });
});
