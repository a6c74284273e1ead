import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { withDeadline } from './deadline.js';

describe('withDeadline', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('settles like the work and leaves no timer when the work is in time', async () => {
    await expect(withDeadline(Promise.resolve('done'), 1_000, () => 'late')).resolves.toBe('done');
    await expect(withDeadline(Promise.reject(new RangeError('no')), 1_000, () => 'late')).rejects.toThrow(
      RangeError,
    );
    expect(jest.getTimerCount()).toBe(0);
  });

  it('answers in place of work that takes too long, and swallows its late failure', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<string>((_resolve, reject) => (fail = reject));
    const result = withDeadline(work, 1_000, () => 'late');
    await jest.advanceTimersByTimeAsync(999);
    await jest.advanceTimersByTimeAsync(1);
    await expect(result).resolves.toBe('late');
    fail(new Error('nobody listens any more'));
    await expect(work).rejects.toThrow();
  });

  it('rejects with what the answer in place throws', async () => {
    const result = withDeadline(new Promise<never>(() => undefined), 5, () => {
      throw new RangeError('too late');
    });
    const caught = result.catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(5);
    expect(await caught).toBeInstanceOf(RangeError);
  });

  it('takes an answer that came while the process was busy for one in time', async () => {
    jest.useRealTimers();
    const { port1, port2 } = new MessageChannel();
    try {
      const answer = new Promise<string>((resolve) => port1.once('message', resolve));
      const result = withDeadline(answer, 20, () => 'late');
      port2.postMessage('answer');
      const busyUntil = performance.now() + 60;
      while (performance.now() < busyUntil);
      await expect(result).resolves.toBe('answer');
    } finally {
      port1.close();
    }
  });
});
