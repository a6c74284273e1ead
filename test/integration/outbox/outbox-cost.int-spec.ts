import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NewOutboxMessage, OpenDatabase } from '../../../libs/database/src/index.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { until } from '../../support/until.js';
import { RecordingSink, useOutbox, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(60_000);

let scene: OutboxScene;
let proxy: FaultProxy;
let writer: OpenDatabase;
useOutbox((opened) => (scene = opened));
beforeEach(async () => {
  proxy = await FaultProxy.start({ upstream: scene.database.url });
  scene.endWith(() => proxy.close());
  writer = await scene.writer({ url: proxy.url });
  await scene.database.query('CREATE TABLE effect (number int)');
  // Opens the connection, and prepares what is prepared once.
  for (let turn = 0; turn < 3; turn++) await costOf([{ topic: 'order', key: 'warm', payload: turn }]);
});

interface Cost {
  readonly roundTrips: number;
  readonly commits: number;
  readonly begins: number;
}

/** Of one transaction with these messages; the notification that it sends to others afterwards is left out. */
async function costOf(messages: readonly NewOutboxMessage[], writes = 1): Promise<Cost> {
  const { transactions, outbox, db } = writer;
  const before = proxy.roundTrips;
  const first = proxy.statements.length;
  const isNotification = (text: string) => text.startsWith('NOTIFY');
  await transactions.run(async () => {
    for (let number = 0; number < writes; number++)
      await db.query('INSERT INTO effect VALUES ($1)', [number]);
    for (const message of messages) outbox.add(message);
  });
  const sent = () => proxy.statements.slice(first);
  const notified = () => sent().filter(isNotification).length;
  if (messages.length > 0) expect(await until(() => notified() > 0, 10_000)).toBe(true);
  // Answered as well: nothing of it is counted as somebody else's.
  const isAnswered = () =>
    proxy.roundTrips - before >= notified() + (writes > 0 || messages.length > 0 ? 1 : 0);
  expect(await until(isAnswered, 10_000)).toBe(true);
  await until(() => proxy.roundTrips - before - notified() > writes, 1_000);
  return {
    roundTrips: proxy.roundTrips - before - notified(),
    commits: sent().filter((text) => text.startsWith('COMMIT')).length,
    begins: sent().filter((text) => text.startsWith('BEGIN')).length,
  };
}

describe('a transaction with messages', () => {
  it('costs no round trip and no commit more than the same without any', async () => {
    const without = await costOf([]);
    expect(without).toEqual({ roundTrips: 2, commits: 1, begins: 1 });
    expect(await costOf([{ topic: 'order', key: 'a', payload: 1 }])).toEqual(without);
    expect(
      await costOf([
        { topic: 'order', key: 'a', payload: 1 },
        { topic: 'order', payload: 2 },
        { topic: 'stock', key: 'b', payload: 3, dedupKey: 'once' },
        ...Array.from({ length: 100 }, (_, payload) => ({ topic: 'order', key: `key ${payload}`, payload })),
      ]),
    ).toEqual(without);
    expect(await scene.pending()).toHaveLength(107);
  });

  it('and nothing else is one round trip: BEGIN, the messages and COMMIT in one write', async () => {
    expect(await costOf([{ topic: 'order', key: 'a', payload: 1 }], 0)).toEqual({
      roundTrips: 1,
      commits: 1,
      begins: 1,
    });
  });

  it('sends nothing of them where it is rolled back', async () => {
    const first = proxy.statements.length;
    const failing = writer.transactions.run(async () => {
      await writer.db.query('INSERT INTO effect VALUES (1)');
      writer.outbox.add({ topic: 'order', payload: 1 });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const sent = proxy.statements.slice(first);
    expect(sent.filter((text) => /outbox|NOTIFY|COMMIT/.test(text))).toEqual([]);
  });

  it('is not told to others by a notification that waits for their commits: that one is sent after it, on its own', async () => {
    const sink = new RecordingSink();
    await scene.open({ sinks: { order: sink } });
    await scene.drained();
    sink.received.length = 0;
    const first = proxy.statements.length;
    await costOf([{ topic: 'order', key: 'a', payload: 'last' }]);
    const sent = proxy.statements.slice(first);
    const commit = sent.findIndex((text) => text.startsWith('COMMIT'));
    const notification = sent.findIndex((text) => text.startsWith('NOTIFY'));
    expect(notification).toBeGreaterThan(commit);
    await sink.have(1);
  });
});

describe('notifications that do not arrive', () => {
  it('cost the time until the next poll, and no message', async () => {
    // Behind PgBouncer nobody listens.
    const url = new URL(scene.database.url);
    url.searchParams.set('pgbouncer', 'true');
    const sink = new RecordingSink();
    await scene.open({ sinks: { order: sink }, pollMs: 50 }, { url: url.toString() });
    for (let turn = 1; turn <= 3; turn++) await costOf([{ topic: 'order', key: 'b', payload: turn }]);
    const news = () => sink.received.filter(({ key }) => key === 'b').map(({ payload }) => payload);
    expect(await until(() => news().length === 3, 10_000)).toBe(true);
    expect(news()).toEqual([1, 2, 3]);
    await scene.drained();
  });
});
