import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { OverloadedError } from '../../errors/overloaded.error.js';
import { Batcher, type KeyOutcome } from './batcher.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A batcher whose batches are answered when the test says so. */
function batcherUnderTest({ maxBatchSize = 10, maxInFlight = 1, maxQueued = 100 } = {}) {
  const batches: { keys: readonly number[]; finish: () => void; fail: (error: unknown) => void }[] = [];
  let idle = 0;
  const batcher = new Batcher<number, number>(
    { operation: 'thing.load', maxBatchSize, maxInFlight, maxQueued },
    {
      one: (key) =>
        new Promise<number>((resolve, reject) => {
          batches.push({ keys: [key], finish: () => resolve(key * 10), fail: reject });
        }),
      many: (keys) =>
        new Promise<KeyOutcome<number>[]>((resolve, reject) => {
          batches.push({
            keys,
            finish: () => {
              resolve(keys.map((key) => (key < 0 ? { error: new Error(`no ${key}`) } : { value: key * 10 })));
            },
            fail: reject,
          });
        }),
    },
    () => (idle += 1),
  );
  return { batcher, batches, idleCount: () => idle };
}

describe('Batcher', () => {
  it('sends the calls of one turn together, and what comes while a batch is out as the next one', async () => {
    const { batcher, batches } = batcherUnderTest();
    const first = [batcher.load(1), batcher.load(2)];
    expect(batches).toHaveLength(0);
    await nextTurn();
    const later = [3, 4, 5].map((key) => batcher.load(key));
    await nextTurn();
    expect(batches.map(({ keys }) => keys)).toEqual([[1, 2]]);
    batches[0]?.finish();
    expect(await Promise.all(first)).toEqual([10, 20]);
    await nextTurn();
    expect(batches.map(({ keys }) => keys)).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    batches[1]?.finish();
    expect(await Promise.all(later)).toEqual([30, 40, 50]);
  });

  it('sends what one tick leads to when nothing is under way, and waits for no turn of the event loop', async () => {
    const { batcher, batches } = batcherUnderTest({ maxInFlight: 2 });
    const later = async (key: number) => {
      for (let turn = 0; turn < key; turn += 1) await Promise.resolve();
      return await batcher.load(key);
    };
    const loads = [3, 20, 1, 7].map(later);
    // It begins before whatever these calls could put off.
    await nextTurn();
    expect(batches.map(({ keys }) => keys)).toEqual([[1, 3, 7, 20]]);
    loads.push(batcher.load(8));
    await Promise.resolve();
    loads.push(batcher.load(9));
    await nextTurn();
    expect(batches[1]?.keys).toEqual([8, 9]);
    for (const { finish } of batches) finish();
    expect(await Promise.all(loads)).toEqual([30, 200, 10, 70, 80, 90]);
  });

  it('keeps the size of a batch and the number of batches under way within their limits', async () => {
    const { batcher, batches, idleCount } = batcherUnderTest({ maxBatchSize: 2, maxInFlight: 2 });
    const loads = [1, 2, 3, 4, 5].map((key) => batcher.load(key));
    await nextTurn();
    await nextTurn();
    await nextTurn();
    expect(batches.map(({ keys }) => keys)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    batches[1]?.finish();
    expect(await Promise.all(loads.slice(2, 4))).toEqual([30, 40]);
    await nextTurn();
    expect(batches[2]?.keys).toEqual([5]);
    expect(idleCount()).toBe(0);
    for (const { finish } of batches) finish();
    await Promise.all(loads);
    await nextTurn();
    expect(idleCount()).toBe(1);
  });

  it('refuses a call when too many wait, and takes calls again afterwards', async () => {
    const { batcher, batches } = batcherUnderTest({ maxQueued: 2 });
    const taken = [batcher.load(1), batcher.load(2)];
    const refused = batcher.load(3);
    await expect(refused).rejects.toBeInstanceOf(OverloadedError);
    await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true, waiting: 2 });
    await nextTurn();
    taken.push(batcher.load(4));
    batches[0]?.finish();
    expect(await Promise.all(taken.slice(0, 2))).toEqual([10, 20]);
    await nextTurn();
    batches[1]?.finish();
    expect(await taken[2]).toBe(40);
  });

  it('fails only the calls whose key failed, all of them when the batch failed, and goes on', async () => {
    const { batcher, batches } = batcherUnderTest();
    const mixed = Promise.allSettled([batcher.load(1), batcher.load(-1)]);
    await nextTurn();
    batches[0]?.finish();
    expect((await mixed).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const failed = Promise.allSettled([batcher.load(1), batcher.load(2)]);
    await nextTurn();
    batches[1]?.fail(new Error('away'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const fine = batcher.load(7);
    await nextTurn();
    batches[2]?.finish();
    expect(await fine).toBe(70);
  });

  it('runs each batch in the asynchronous context of its own first caller, not of whoever came before', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const batcher = new Batcher<number, number>(
      { operation: 'thing.load', maxBatchSize: 1, maxInFlight: 1, maxQueued: 10 },
      {
        one: async (key) => {
          seen.push(context.getStore());
          await nextTurn();
          return key;
        },
        many: (keys) => Promise.reject(new Error(`${keys.length} keys in a batch of one`)),
      },
    );
    const callers = ['a', 'b', 'c'].map((name, index) =>
      context.run(name, async () => {
        await batcher.load(index);
        return context.getStore();
      }),
    );
    expect(await Promise.all(callers)).toEqual(['a', 'b', 'c']);
    expect(seen).toEqual(['a', 'b', 'c']);
  });
});
