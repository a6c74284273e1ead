import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../config/config.errors.js';
import { batchExecute, type BatchProgress } from './batch-execute.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('batchExecute', () => {
  it('runs no more than `size` at a time, and gives each outcome in its place', async () => {
    let running = 0;
    let most = 0;
    const operations = Array.from({ length: 20 }, (_, index) => async () => {
      running += 1;
      most = Math.max(most, running);
      await nextTurn();
      running -= 1;
      if (index % 7 === 3) throw new Error(`no ${index}`);
      return index;
    });
    const progress: BatchProgress[] = [];
    const result = await batchExecute(operations, 4, { onProgress: (each) => progress.push(each) });
    expect(most).toBe(4);
    expect(result).toMatchObject({ fulfilled: 17, rejected: 3, skipped: 0 });
    expect(result.outcomes[0]).toEqual({ status: 'fulfilled', value: 0 });
    expect(result.outcomes[10]).toEqual({ status: 'rejected', reason: new Error('no 10') });
    expect(progress.at(-1)).toEqual({ done: 20, failed: 3, total: 20 });
    expect(progress).toHaveLength(20);
  });

  it('starts nothing more after a failure when told so, and waits for what runs', async () => {
    const started: number[] = [];
    const operations = Array.from({ length: 10 }, (_, index) => async () => {
      started.push(index);
      await nextTurn();
      if (index === 1) throw new Error('stop');
      return index;
    });
    const { outcomes, skipped } = await batchExecute(operations, 2, { stopOnError: true });
    expect(outcomes.slice(0, 2).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(skipped).toBe(10 - started.length);
    expect(started.length).toBeLessThanOrEqual(3);
  });

  it('starts nothing more once its signal is aborted', async () => {
    const stop = new AbortController();
    const operations = Array.from({ length: 6 }, (_, index) => async () => {
      await nextTurn();
      if (index === 1) stop.abort();
      return index;
    });
    const { fulfilled, skipped, outcomes } = await batchExecute(operations, 1, { signal: stop.signal });
    expect([fulfilled, skipped]).toEqual([2, 4]);
    expect(outcomes[5]).toEqual({ status: 'skipped' });
  });

  it('loses no outcome when the progress callback throws, and says what it threw', async () => {
    let calls = 0;
    const onProgress = () => {
      calls += 1;
      throw new Error('the bar is broken');
    };
    const result = await batchExecute(
      [1, 2, 3].map((value) => () => Promise.resolve(value)),
      2,
      { onProgress },
    );
    expect(result).toMatchObject({ fulfilled: 3, progressError: new Error('the bar is broken') });
    expect(calls).toBe(1);
  });

  it('takes an operation that throws before it has begun as a failure of that one', async () => {
    const thrower = (): Promise<number> => {
      throw new Error('at once');
    };
    const { outcomes } = await batchExecute([thrower, () => Promise.resolve(2)], 2);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('refuses a size that is no positive integer, and what is no function, before it starts anything', async () => {
    let started = false;
    const operation = () => Promise.resolve((started = true));
    for (const size of [0, -1, 1.5, NaN]) {
      await expect(batchExecute([operation], size)).rejects.toBeInstanceOf(InvalidOptionsError);
    }
    const promise = Promise.resolve(1) as never;
    await expect(batchExecute([operation, promise], 1)).rejects.toMatchObject({
      violations: [{ path: 'operations.1' }],
    });
    expect(started).toBe(false);
    expect(await batchExecute([], 3)).toEqual({ outcomes: [], fulfilled: 0, rejected: 0, skipped: 0 });
  });
});
