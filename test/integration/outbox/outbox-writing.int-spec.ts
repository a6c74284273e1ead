import { describe, expect, it } from '@jest/globals';
import { TransactionRequiredError, ValidationError } from '../../../libs/database/src/index.js';
import { until } from '../../support/until.js';
import { RecordingSink, useOutbox, write, type OutboxScene } from './outbox-scene.js';

let scene: OutboxScene;
useOutbox((opened) => (scene = opened));

const topics = async () => (await scene.pending()).map(({ topic }) => topic);

describe('a message that is written in a transaction', () => {
  it('is there when the transaction is committed, and not before', async () => {
    const { transactions, outbox } = await scene.writer();
    await transactions.run(async () => {
      outbox.add({ topic: 'order', payload: 1 });
      expect(await topics()).toEqual([]);
    });
    expect(await topics()).toEqual(['order']);
  });

  it('is not there when the transaction is rolled back', async () => {
    const { transactions, outbox } = await scene.writer();
    const failing = transactions.run(() => {
      outbox.add({ topic: 'order', payload: 1 });
      return Promise.reject(new TypeError('no'));
    });
    await expect(failing).rejects.toThrow('no');
    expect(await topics()).toEqual([]);
  });

  it('goes with the nested part that wrote it, when that is rolled back', async () => {
    const { transactions, outbox } = await scene.writer();
    await transactions.run(async () => {
      outbox.add({ topic: 'outer', payload: 1 });
      await transactions
        .run(
          () => {
            outbox.add({ topic: 'lost', payload: 1 });
            return Promise.reject(new TypeError('no'));
          },
          { propagation: 'NESTED' },
        )
        .catch(() => undefined);
      outbox.add({ topic: 'outer too', payload: 1 });
    });
    expect(await topics()).toEqual(['outer', 'outer too']);
  });

  it('is written once where the transaction is repeated', async () => {
    const { transactions, outbox, db } = await scene.writer();
    await db.query("INSERT INTO category (name, slug) VALUES ('a', 'a')");
    let attempts = 0;
    let readers = 0;
    const contend = () =>
      transactions.run(
        async () => {
          attempts += 1;
          const [row] = await db.query<{ name: string }>("SELECT name FROM category WHERE slug = 'a'");
          // All have read before the first one writes: the others have to begin anew.
          readers += 1;
          await until(() => readers >= 3, 5_000);
          outbox.add({ topic: 'renamed', payload: row?.name });
          await db.query("UPDATE category SET name = name || 'x' WHERE slug = 'a'");
        },
        { isolationLevel: 'RepeatableRead', retry: { attempts: 20 } },
      );
    await Promise.all([contend(), contend(), contend()]);
    expect(attempts).toBeGreaterThan(3);
    expect(await topics()).toHaveLength(3);
  });

  it('may be one of thousands of its transaction, and of no more keys than the server has room for locks', async () => {
    const database = await scene.writer();
    const messages = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ topic: 'row', key: `row:${index}`, payload: index }));
    await write(database, ...messages(5_000), ...messages(1));
    await expect(write(database, ...messages(5_001))).rejects.toThrow(/`key` has 5001 different values/);
    expect(await scene.pending()).toHaveLength(5_001);
  }, 60_000);

  it('needs a transaction', async () => {
    const { outbox } = await scene.writer();
    expect(() => outbox.add({ topic: 'order', payload: 1 })).toThrow(TransactionRequiredError);
  });

  it('keeps its payload, its headers and the order of its transaction', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { '*': sink } });
    const payload = {
      text: 'ä"\\ \n 𝄞',
      list: [1, null, true, { nested: [] }],
      number: 1.5e300,
      '10': 'ten',
      '9': 'nine',
    };
    const ids = await write(
      database,
      { topic: 'order', key: 'a', payload, headers: { tenant: 'seven' } },
      ...Array.from({ length: 50 }, (_, index) => ({ topic: 'order', key: 'a', payload: index })),
    );
    const received = await sink.have(51);
    expect(received[0]).toMatchObject({ topic: 'order', key: 'a', headers: { tenant: 'seven' }, attempt: 1 });
    expect(received[0]?.payload).toEqual(payload);
    expect(received.map(({ id }) => id)).toEqual(ids);
    expect([...ids].sort()).toEqual(ids);
  });

  it('may have a payload of null, false or nothing in it, with a dedup key as well', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ sinks: { '*': sink } });
    const payloads = [null, false, 0, '', [], {}, [null]];
    await write(database, ...payloads.map((payload) => ({ topic: 'order', key: 'a', payload })));
    await write(database, { topic: 'order', key: 'a', payload: null, dedupKey: 'once' });
    await sink.have(8);
    expect(sink.payloads).toEqual([...payloads, null]);
  });

  it.each([
    [{ topic: 'order', payload: undefined }, 'payload', 'is of type undefined'],
    [{ topic: 'order', payload: { a: [1, 2n] } }, 'payload.a[1]', 'is a bigint'],
    [{ topic: 'order', payload: { at: new Date() } }, 'payload.at', 'is a Date'],
    [{ topic: 'order', payload: [NaN] }, 'payload[0]', 'is NaN'],
    [{ topic: 'order', payload: { a: 'x\0y' } }, 'payload.a', 'NUL'],
    [{ topic: 'order', payload: ['\ud800'] }, 'payload[0]', 'half a character'],
    [{ topic: '', payload: 1 }, 'topic', 'has 0 bytes'],
    [{ topic: 'order', key: 'k'.repeat(1_001), payload: 1 }, 'key', 'has 1001 bytes'],
    [{ topic: 'order', key: '\ud800', payload: 1 }, 'key', 'half a character'],
    [{ topic: 'order', payload: 1, headers: { a: 1 as never } }, 'headers.a', 'is no text'],
    [{ topic: 'order', payload: 1, delayMs: -1 }, 'delayMs', 'expected an integer'],
    [{ topic: 'order', payload: 1, dedup: 'x' } as never, 'dedup', 'is not a known option'],
  ])('is refused at once where it is none: %#', async (message, path, problem) => {
    const { transactions, outbox } = await scene.writer();
    await transactions.run(() => {
      let refusal: unknown;
      try {
        outbox.add(message);
      } catch (error) {
        refusal = error;
      }
      expect(refusal).toBeInstanceOf(ValidationError);
      expect(refusal).toMatchObject({ path, problem: expect.stringContaining(problem) });
      return Promise.resolve();
    });
  });

  it('is refused where it leads back to itself, and not searched for ever', async () => {
    const { transactions, outbox } = await scene.writer();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    await transactions.run(() => {
      expect(() => outbox.add({ topic: 'order', payload: circle })).toThrow(/leads back/);
      return Promise.resolve();
    });
  });
});

describe('a message with a dedup key', () => {
  const message = (payload: number, dedupKey = 'once') => ({ topic: 'order', payload, dedupKey });

  it('is written once, in one transaction and in many', async () => {
    const database = await scene.writer();
    await write(database, message(1), message(2), message(3, 'other'));
    await write(database, message(4), { topic: 'mail', payload: 5, dedupKey: 'once' });
    expect(await topics()).toEqual(['order', 'order', 'mail']);
  });

  it('is written once by transactions that run at the same time', async () => {
    const database = await scene.writer({ pool: { max: 8, min: 0 } });
    const keys = Array.from({ length: 10 }, (_, index) => `key ${index}`);
    const shuffled = (turn: number) => [...keys.slice(turn), ...keys.slice(0, turn)];
    await Promise.all(
      Array.from({ length: 8 }, (_, turn) =>
        write(database, ...shuffled(turn).map((key) => ({ ...message(turn, key), key }))),
      ),
    );
    expect(await topics()).toHaveLength(10);
  });

  it('may be written again by the next one where its transaction was rolled back', async () => {
    const { transactions, outbox, ...database } = await scene.writer();
    await transactions
      .run(() => {
        outbox.add(message(1));
        return Promise.reject(new TypeError('no'));
      })
      .catch(() => undefined);
    await transactions.run(() => Promise.resolve(outbox.add(message(2))));
    expect(await topics()).toHaveLength(1);
    expect(database).toBeDefined();
  });

  it('may be written again once its time is over, and is forgotten then', async () => {
    const sink = new RecordingSink();
    const database = await scene.open({ dedupRetentionMs: 1_000, sinks: { '*': sink }, pollMs: 200 });
    await write(database, message(1));
    await write(database, message(2));
    await sink.have(1);
    const kept = () => scene.database.query('SELECT 1 FROM nestjs_database.outbox_dedup');
    expect(await kept()).toHaveLength(1);
    expect(await until(async () => (await kept()).length === 0, 10_000)).toBe(true);
    await write(database, message(3));
    await sink.have(2);
    expect(sink.payloads).toEqual([1, 3]);
  });
});
