import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { beforeEach, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  InvalidOptionsError,
  OUTBOX_CHANNELS,
  redisStreamSink,
  type OutboxFailureEvent,
} from '../../../libs/database/src/index.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { describeWithRedis, redisUrl } from '../../support/test-redis.js';
import { until } from '../../support/until.js';
import { useOutbox, write, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(60_000);

describeWithRedis('redisStreamSink', () => {
  let scene: OutboxScene;
  let proxy: FaultProxy;
  let redis: Redis;
  useOutbox((opened) => (scene = opened));
  beforeEach(async () => {
    redis = new Redis(redisUrl());
    scene.endWith(() => redis.quit());
    await redis.flushdb();
    proxy = await FaultProxy.start({ upstream: redisUrl() });
    scene.endWith(() => proxy.close());
  });

  const through = () => ({ redis: { url: proxy.url } });
  const entries = async (stream: string) =>
    (await redis.xrange(stream, '-', '+')).map(([, texts]) => {
      const fields: Record<string, string> = {};
      for (let index = 0; index < texts.length; index += 2)
        fields[texts[index] ?? ''] = texts[index + 1] ?? '';
      return fields;
    });

  it('appends each message with its id, topic, key, payload, headers and time; without a key there is no such field', async () => {
    const database = await scene.open({ sinks: { order: redisStreamSink({ stream: 'orders' }) } }, through());
    const before = Date.now();
    const [first, second] = await write(
      database,
      { topic: 'order', key: 'a', payload: { total: '12.50', text: 'é "x"' }, headers: { tenant: 't1' } },
      { topic: 'order', payload: null },
    );
    await scene.drained();
    const found = await entries('orders');
    const byId = (id: string | undefined) => found.find((entry) => entry.id === id);
    expect(found).toHaveLength(2);
    expect(byId(first)).toEqual({
      id: first,
      topic: 'order',
      key: 'a',
      payload: '{"total":"12.50","text":"é \\"x\\""}',
      headers: '{"tenant":"t1"}',
      createdAt: expect.any(String),
    });
    expect(byId(second)).toEqual({
      id: second,
      topic: 'order',
      payload: 'null',
      headers: '{}',
      createdAt: expect.any(String),
    });
    const time = Date.parse(byId(first)?.createdAt ?? '');
    // The clock of the database, on the same machine.
    expect(Math.abs(time - before)).toBeLessThan(60_000);
  });

  it('keeps about `maxLength` entries, the newest ones', async () => {
    const sink = redisStreamSink({ stream: 'short', maxLength: 200 });
    const database = await scene.open({ sinks: { order: sink } }, through());
    for (let turn = 0; turn < 2_000; turn += 500) {
      const batch = Array.from({ length: 500 }, (_, index) => ({
        topic: 'order',
        key: 'a',
        payload: turn + index,
      }));
      await write(database, ...batch);
    }
    await scene.drained(30_000);
    const found = await entries('short');
    // Redis trims whole nodes, of a hundred entries each unless it was told otherwise.
    expect(found.length).toBeGreaterThanOrEqual(200);
    expect(found.length).toBeLessThan(600);
    const payloads = found.map(({ payload }) => Number(payload));
    expect(payloads).toEqual(Array.from(payloads, (_, index) => 2_000 - payloads.length + index));
  });

  it('loses nothing while Redis is away, and keeps the order of each key: messages are tried until it is back', async () => {
    const failures: OutboxFailureEvent[] = [];
    const listen = (event: unknown) => void failures.push(event as OutboxFailureEvent);
    subscribe(OUTBOX_CHANNELS.failed, listen);
    try {
      const sinks = { order: redisStreamSink({ stream: 'orders' }) };
      const delays = { attempts: 1_000, initialDelayMs: 1, maxDelayMs: 20 };
      const database = await scene.open({ sinks, ...delays }, through());
      const ids: string[] = [];
      const keys = ['a', 'b', 'c'];
      const send = async (number: number) => {
        const batch = keys.map((key) => ({ topic: 'order', key, payload: `${key}${number}` }));
        ids.push(...(await write(database, ...batch)));
      };
      for (let number = 10; number < 20; number++) await send(number);
      await scene.drained();
      proxy.refuse();
      proxy.cut('rst');
      for (let number = 20; number < 40; number++) await send(number);
      expect(await until(() => failures.length >= 10, 20_000)).toBe(true);
      expect((await scene.pending()).length).toBeGreaterThan(50);
      await proxy.heal();
      await scene.drained(30_000);
      const found = await entries('orders');
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(ids));
      for (const key of keys) {
        const firsts = new Set(found.filter((entry) => entry.key === key).map(({ payload }) => payload));
        expect([...firsts]).toEqual([...firsts].sort());
      }
      expect((await database.outboxAdmin.status()).dead).toBe(0);
    } finally {
      unsubscribe(OUTBOX_CHANNELS.failed, listen);
    }
  });

  it('is refused at the start where Redis is switched off', async () => {
    const opening = scene.open({ sinks: { order: redisStreamSink({ stream: 'orders' }) } });
    await expect(opening).rejects.toThrow(InvalidOptionsError);
    await expect(opening).rejects.toThrow(/outbox\.sinks\.order.*Redis is switched off/s);
  });

  it('is refused with a stream that is none, a length that is none, and what it does not know', () => {
    expect(() => redisStreamSink({} as never)).toThrow(/`stream` is missing/);
    expect(() => redisStreamSink({ stream: 's', maxLength: 0 })).toThrow(/maxLength/);
    expect(() => redisStreamSink({ stream: 's', max: 1 } as never)).toThrow(/`max` is not a known option/);
  });
});
