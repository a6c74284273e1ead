import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, jest } from '@jest/globals';
import {
  OUTBOX_CHANNELS,
  PermanentError,
  type OutboxMessage,
  type OutboxUnhandledEvent,
} from '../../../libs/database/src/index.js';
import { until } from '../../support/until.js';
import { RecordingSink, useOutbox, write, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(60_000);

let scene: OutboxScene;
useOutbox((opened) => (scene = opened));

const order = (payload: number, key = 'a') => ({ topic: 'order', key, payload });
const byKey = (messages: readonly OutboxMessage[], key: string) =>
  messages.filter((message) => message.key === key).map(({ payload }) => payload);

describe('the outbox', () => {
  it('delivers what is committed here long before the next poll, and deletes it', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink } });
    await until(async () => (await scene.slots()).length === 1, 5_000);
    // The next poll comes in an hour.
    await write(database, order(1));
    await sink.have(1);
    await scene.drained();
  });

  it('is woken by another instance, which only writes, long before the next poll', async () => {
    const sink = new RecordingSink();
    await scene.open({ sinks: { order: sink } });
    const writer = await scene.writer();
    // The first one may be found at the start; the later ones are not.
    for (let turn = 1; turn <= 5; turn++) {
      await write(writer, order(turn));
      await sink.have(turn);
      await scene.drained();
    }
    expect(sink.payloads).toEqual([1, 2, 3, 4, 5]);
  });

  it('delivers what was written before its start', async () => {
    await write(await scene.writer(), order(1), order(2, 'b'), { topic: 'order', payload: 3 });
    const sink = new RecordingSink();
    await scene.open({ sinks: { order: sink } });
    await sink.have(3);
    await scene.drained();
  });

  it('finds by polling what nobody told it of', async () => {
    const sink = new RecordingSink();
    await scene.open({ sinks: { order: sink }, pollMs: 100 });
    await scene.database.query(
      `INSERT INTO nestjs_database.outbox_message (slot, id, topic, payload, headers, created_at, available_at)
       VALUES (1, gen_random_uuid(), 'order', '1', '{}', now(), now())`,
    );
    await sink.have(1);
  });

  it('keeps a message for as long as it is delayed, and those behind it under the same key', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink } });
    const started = performance.now();
    await write(database, { ...order(1), delayMs: 700 }, order(2), order(3, 'b'));
    await sink.have(1);
    expect(sink.payloads).toEqual([3]);
    await sink.have(3);
    expect(sink.payloads).toEqual([3, 1, 2]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(690);
  });

  it('delivers different keys side by side, and one key one after the other', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink }, concurrency: 4 });
    let running = 0;
    let most = 0;
    const inKey = new Set<string | null>();
    let broken = 0;
    sink.onMessage = async ({ key }) => {
      if (inKey.has(key)) broken += 1;
      inKey.add(key);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      inKey.delete(key);
    };
    await write(database, ...Array.from({ length: 80 }, (_, index) => order(index, `key ${index % 8}`)));
    await sink.have(80);
    expect([most, broken]).toEqual([4, 0]);
  });

  it('goes on with other keys while one of them takes its time', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink }, concurrency: 2 });
    let release: (() => void) | undefined;
    sink.onMessage = ({ key }) =>
      key === 'slow' ? new Promise<void>((resolve) => (release = resolve)) : undefined;
    await write(database, order(0, 'slow'), order(99, 'slow'));
    await sink.have(1);
    for (let turn = 1; turn <= 20; turn++) await write(database, order(turn, `key ${turn}`));
    await sink.have(21);
    release?.();
    await sink.have(22);
    release?.();
    await scene.drained();
    expect(byKey(sink.received, 'slow')).toEqual([0, 99]);
  });

  it('comes to a new key while others have more, and always more, than can be delivered', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink }, concurrency: 1, batchSize: 1 });
    let isOver = false;
    sink.onMessage = async ({ key }) => {
      if (key !== null && !isOver) await write(database, order(1, key));
    };
    for (const key of ['a', 'b']) await write(database, ...Array.from({ length: 5 }, () => order(1, key)));
    await until(() => sink.received.length >= 10, 10_000);
    await write(database, { topic: 'order', payload: 'new' });
    expect(await until(() => sink.payloads.includes('new'), 10_000)).toBe(true);
    isOver = true;
  });
});

describe('a message that cannot be delivered', () => {
  it('is tried again, and holds up its own key only', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink }, initialDelayMs: 300 });
    let failures = 3;
    sink.onMessage = ({ payload }) => {
      if (payload === 1 && failures-- > 0) throw new TypeError('not now');
    };
    await write(database, order(1), order(2), order(3, 'b'), { topic: 'order', payload: 4 });
    await sink.have(7);
    await scene.drained();
    expect(byKey(sink.received, 'a')).toEqual([1, 1, 1, 1, 2]);
    expect(sink.received.filter(({ payload }) => payload === 1).map(({ attempt }) => attempt)).toEqual([
      1, 2, 3, 4,
    ]);
    expect(new Set(sink.received.map(({ id }) => id)).size).toBe(4);
  });

  it('becomes a dead letter after its attempts, and its key goes on', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink }, attempts: 3, maxDelayMs: 50 });
    sink.onMessage = ({ payload }) => {
      if (payload === 1) throw new TypeError('poison');
    };
    const [id] = await write(database, { ...order(1), headers: { tenant: 'seven' } }, order(2));
    await scene.drained();
    expect(sink.payloads).toEqual([1, 1, 1, 2]);
    expect(await database.outboxAdmin.listDead()).toEqual([
      {
        id,
        topic: 'order',
        key: 'a',
        payload: 1,
        headers: { tenant: 'seven' },
        createdAt: expect.any(Date),
        diedAt: expect.any(Date),
        attempts: 3,
        lastError: 'TypeError: poison',
        discardedAt: null,
        note: null,
      },
    ]);
  });

  it('becomes one at once where its sink says that no repetition would help', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink } });
    sink.onMessage = () => {
      throw new PermanentError('no such customer');
    };
    await write(database, order(1));
    await scene.drained();
    expect(sink.payloads).toEqual([1]);
    expect(await database.outboxAdmin.status()).toMatchObject({ pending: 0, dead: 1 });
  });

  it('counts as failed when it takes too long, and its sink is told', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { order: sink }, timeoutMs: 100, attempts: 2 });
    const reasons: unknown[] = [];
    sink.onMessage = (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reasons.push((signal.reason as { code: string }).code);
          resolve(undefined);
        });
      });
    await write(database, order(1));
    await scene.drained();
    expect(reasons).toEqual(['OUTBOX_TIMEOUT', 'OUTBOX_TIMEOUT']);
    expect(await database.outboxAdmin.listDead()).toMatchObject([
      { lastError: expect.stringMatching(/^OutboxTimeoutError: .*100 ms/) },
    ]);
  });

  it('stays where nobody has a sink for its topic, which is said once', async () => {
    const sink = new RecordingSink();
    const said: string[] = [];
    const onUnhandled = (event: unknown) => said.push((event as OutboxUnhandledEvent).topic);
    subscribe(OUTBOX_CHANNELS.unhandled, onUnhandled);
    const database = await scene.open({ sinks: { order: sink }, pollMs: 50 });
    await write(database, { topic: 'nobody', payload: 1 }, order(2), { topic: 'nobody', payload: 3 });
    await sink.have(1);
    expect(await until(async () => (await scene.pending()).length === 2, 5_000)).toBe(true);
    await database.close();
    unsubscribe(OUTBOX_CHANNELS.unhandled, onUnhandled);
    expect(said).toEqual(['nobody']);
    const late = new RecordingSink();
    await scene.open({ sinks: { nobody: late } });
    await late.have(2);
  });

  it('does not have thousands behind it read at each look', async () => {
    const sink = new RecordingSink();
    const writer = await scene.writer();
    await writer.transactions.run(() => {
      writer.outbox.add(order(0, 'poison'));
      for (let turn = 1; turn <= 10_000; turn++) writer.outbox.add(order(turn, 'poison'));
      return Promise.resolve();
    });
    sink.onMessage = ({ key }) => {
      if (key === 'poison') throw new TypeError('poison');
    };
    const database = await scene.open({ sinks: { order: sink }, initialDelayMs: 600_000 });
    await sink.have(1);
    for (let turn = 1; turn <= 20; turn++) {
      await write(database, order(turn, `key ${turn}`));
      await sink.have(turn + 1);
    }
    // Sessions tell what they have read at the latest when they end.
    await database.close();
    const read = async () =>
      (
        await scene.database.query<{ rows: number }>(
          "SELECT (idx_tup_fetch + seq_tup_read)::int AS rows FROM pg_stat_user_tables WHERE relname = 'outbox_message'",
        )
      )[0]?.rows ?? 0;
    expect(await until(async () => (await read()) > 10_000, 20_000)).toBe(true);
    // Twenty looks at everything are 200,000.
    expect(await read()).toBeLessThan(60_000);
  });
});

describe('dead letters', () => {
  async function died(count: number, topic = 'order') {
    const sink = new RecordingSink();
    sink.onMessage = () => {
      throw new PermanentError('no');
    };
    const database = await scene.open({ sinks: { '*': sink } });
    const ids = await write(
      database,
      ...Array.from({ length: count }, (_, payload) => ({ topic, key: 'a', payload })),
    );
    await scene.drained();
    sink.received.splice(0);
    sink.onMessage = () => undefined;
    return { database, sink, ids };
  }

  it('are listed page by page, and by topic', async () => {
    const { database, ids } = await died(5);
    const first = await database.outboxAdmin.listDead({ limit: 3 });
    expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const second = await database.outboxAdmin.listDead({ after: ids[2], topic: 'order' });
    expect(second.map(({ id }) => id)).toEqual(ids.slice(3));
    expect(await database.outboxAdmin.listDead({ topic: 'mail' })).toEqual([]);
    await expect(database.outboxAdmin.listDead({ limit: 0 })).rejects.toThrow(/`limit`/);
  });

  it('are delivered again with their ids, in their order, when somebody says so', async () => {
    const { database, sink, ids } = await died(4);
    expect(await database.outboxAdmin.retryDead([ids[1]!, ids[0]!])).toBe(2);
    await sink.have(2);
    expect(await database.outboxAdmin.retryDead({ topic: 'order' })).toBe(2);
    await sink.have(4);
    expect(sink.received.map(({ id }) => id)).toEqual(ids);
    expect(sink.received.every(({ attempt }) => attempt === 1)).toBe(true);
    await scene.drained();
    expect(await database.outboxAdmin.status()).toEqual({ pending: 0, lagMs: 0, dead: 0, topics: [] });
  });

  it('are retried once each, however many there are, and however soon they die again', async () => {
    const writer = await scene.writer();
    // What is written is dead at once, as with a sink that refuses everything.
    await scene.database
      .query(`CREATE FUNCTION nestjs_database.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO nestjs_database.outbox_dead (id, topic, key, payload, headers, created_at, died_at, attempts)
      VALUES (NEW.id, NEW.topic, NEW.key, NEW.payload, NEW.headers, NEW.created_at, now(), 1); RETURN NULL; END $$`);
    await scene.database.query(`CREATE TRIGGER refuse BEFORE INSERT ON nestjs_database.outbox_message
      FOR EACH ROW EXECUTE FUNCTION nestjs_database.refuse()`);
    await write(writer, ...Array.from({ length: 1_200 }, (_, payload) => ({ topic: 'order', payload })));
    expect(await writer.outboxAdmin.retryDead({ topic: 'order' })).toBe(1_200);
    expect(await writer.outboxAdmin.status()).toMatchObject({ pending: 0, dead: 1_200 });
  });

  it('stay with the reason when somebody discards them, and are not delivered again', async () => {
    const { database, ids } = await died(2);
    const { outboxAdmin } = database;
    expect(await outboxAdmin.discardDead(ids[0]!, 'a test order')).toBe(true);
    expect(await outboxAdmin.discardDead(ids[0]!, 'again')).toBe(false);
    expect(await outboxAdmin.listDead()).toHaveLength(1);
    expect(await outboxAdmin.listDead({ discarded: true, limit: 1 })).toMatchObject([
      { note: 'a test order', discardedAt: expect.any(Date) },
    ]);
    expect(await outboxAdmin.retryDead([ids[0]!])).toBe(0);
    await expect(outboxAdmin.retryDead(['x'])).rejects.toThrow(/`which\[0\]` is no id/);
  });

  it('are removed after their time where one is given, and kept for ever otherwise', async () => {
    const { database } = await died(3);
    const letters = () => scene.database.query('SELECT 1 FROM nestjs_database.outbox_dead');
    await database.close();
    await scene.open({ deadRetentionMs: 1_000, pollMs: 100 });
    expect(await until(async () => (await letters()).length === 0, 10_000)).toBe(true);
  });

  it('and what waits are counted by topic, with the age of the oldest', async () => {
    const { database } = await died(2);
    const writer = await scene.writer();
    await database.close();
    await write(writer, order(1), { topic: 'mail', payload: 2 });
    await until(async () => (await writer.outboxAdmin.status()).lagMs > 20, 5_000);
    expect(await writer.outboxAdmin.status()).toEqual({
      pending: 2,
      dead: 2,
      lagMs: expect.any(Number),
      topics: [
        { topic: 'mail', pending: 1, dead: 0, lagMs: expect.any(Number) },
        { topic: 'order', pending: 1, dead: 2, lagMs: expect.any(Number) },
      ],
    });
  });
});
