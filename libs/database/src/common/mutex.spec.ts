import { describe, expect, it } from '@jest/globals';
import { Mutex } from './mutex.js';

describe('Mutex', () => {
  it('runs one piece of work at a time, in the order in which they were asked for', async () => {
    const mutex = new Mutex();
    const events: string[] = [];
    const work = (name: string) =>
      mutex.run(async () => {
        events.push(`${name} begins`);
        await Promise.resolve();
        events.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all([work('a'), work('b'), work('c')])).toEqual(['a', 'b', 'c']);
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('lets nobody overtake who comes while it is handed over', async () => {
    const mutex = new Mutex();
    const order: string[] = [];
    const note = (name: string) => () => Promise.resolve(order.push(name));
    const first = mutex.run(note('first')).then(() => mutex.run(note('late')));
    await Promise.all([first, mutex.run(note('second')), mutex.run(note('third'))]);
    expect(order).toEqual(['first', 'second', 'third', 'late']);
  });

  it('goes on after work that fails', async () => {
    const mutex = new Mutex();
    const failed = mutex.run(() => Promise.reject(new Error('no')));
    const next = mutex.run(() => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('next');
    expect(mutex.enter()).toBeUndefined();
  });
});
