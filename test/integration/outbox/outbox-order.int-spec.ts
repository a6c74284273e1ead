import { describe, expect, it, jest } from '@jest/globals';
import { RecordingSink, useOutbox, write, type OutboxScene } from './outbox-scene.js';

jest.setTimeout(120_000);

let scene: OutboxScene;
useOutbox((opened) => (scene = opened));

describe('the order of a key', () => {
  it('is that of the commits, with 50 writers on 20 keys, several keys in a transaction, while it is delivered', async () => {
    // What is numbered first is committed first: the trigger notes the numbers, the deliveries show who saw what.
    await scene.open({ deliver: false });
    await scene.database.query(`
      CREATE TABLE noted (id uuid, seq bigint, key text);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO noted VALUES (NEW.id, NEW.seq, NEW.key); RETURN NULL; END';
      CREATE TRIGGER note AFTER INSERT ON nestjs_database.outbox_message FOR EACH ROW EXECUTE FUNCTION note();
      CREATE TABLE effect (number int)`);
    const sink = new RecordingSink();
    const options = { sinks: { order: sink }, concurrency: 10, batchSize: 7, pollMs: 200 };
    await scene.open(options);
    await scene.open(options);
    const writers = [
      await scene.writer({ pool: { min: 0, max: 25 } }),
      await scene.writer({ pool: { min: 0, max: 25 } }),
    ];
    const draw = () => `key ${Math.floor(Math.random() * 20)}`;
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const { transactions, outbox, db } = writers[index % 2] ?? (await scene.writer());
        for (let turn = 0; turn < 8; turn++) {
          // Most of them wait for a connection most of the time.
          const patience = { maxWaitMs: 60_000, timeoutMs: 60_000 };
          await transactions.run(async () => {
            outbox.add({ topic: 'order', key: draw(), payload: turn });
            await db.query('INSERT INTO effect VALUES ($1)', [turn]);
            // In another order than others have them: nobody waits in a circle.
            for (const key of [draw(), draw()]) outbox.add({ topic: 'order', key, payload: turn });
          }, patience);
        }
      }),
    );
    await sink.have(50 * 8 * 3, 60_000);
    await scene.drained();
    const noted = await scene.database.query<{ id: string; key: string }>(
      'SELECT id, key FROM noted ORDER BY seq',
    );
    const byKey = (rows: readonly { readonly id: string; readonly key: string | null }[]) => {
      const ids: Record<string, string[]> = {};
      for (const { id, key } of rows) (ids[key ?? ''] ??= []).push(id);
      return ids;
    };
    expect(Object.keys(byKey(noted))).toHaveLength(20);
    expect(byKey(sink.received)).toEqual(byKey(noted));
  });
});

describe('an instance that closes', () => {
  it('waits for the message under way, begins no other one, and leaves its slots to others at once', async () => {
    const sink = new RecordingSink();
    const first = await scene.open({ sinks: { order: sink }, leaseMs: 3_600_000 });
    let finish: (() => void) | undefined;
    sink.onMessage = () => new Promise<void>((resolve) => (finish = resolve));
    await write(first, ...[1, 2, 3].map((payload) => ({ topic: 'order', key: 'a', payload })));
    await sink.have(1);
    const closing = first.close();
    finish?.();
    await closing;
    expect(sink.payloads).toEqual([1]);
    expect((await scene.pending()).length).toBe(2);
    expect(await scene.slots()).toEqual([{ owner: null, count: 64 }]);
    const other = new RecordingSink();
    await scene.open({ sinks: { order: other }, leaseMs: 3_600_000 });
    await other.have(2);
    expect(other.payloads).toEqual([2, 3]);
  });

  it('gives up a message that takes longer than its budget: the message comes again elsewhere, with the same id', async () => {
    const sink = new RecordingSink();
    const first = await scene.open(
      { sinks: { order: sink }, leaseMs: 3_600_000 },
      { shutdown: { timeoutMs: 600, drainMs: 200 } },
    );
    let told: unknown;
    let finish: (() => void) | undefined;
    // It does not even listen to its signal.
    sink.onMessage = (_, { signal }) => {
      signal.addEventListener('abort', () => (told = signal.reason));
      return new Promise<void>((resolve) => (finish = resolve));
    };
    await write(first, { topic: 'order', key: 'a', payload: 1 }, { topic: 'order', key: 'a', payload: 2 });
    const [given] = await sink.have(1);
    await first.close();
    expect(told).toBeInstanceOf(Error);
    const other = new RecordingSink();
    await scene.open({ sinks: { order: other }, leaseMs: 3_600_000 });
    const again = await other.have(2);
    expect(again.map(({ id, attempt, payload }) => ({ id, attempt, payload }))).toEqual([
      // Nothing has failed, so no attempt was used up.
      { id: given?.id, attempt: 1, payload: 1 },
      { id: expect.any(String), attempt: 1, payload: 2 },
    ]);
    await scene.drained();
    finish?.();
  });
});
