import { describe, expect, it } from '@jest/globals';
import { Bell } from './bell.js';

/** A wait of that length would fail the test by its own limit. */
const FOREVER_MS = 3_600_000;

describe('Bell', () => {
  it('ends the wait of who waits', async () => {
    const bell = new Bell();
    const waiting = bell.wait(FOREVER_MS);
    bell.ring();
    await waiting;
  });

  it('is remembered until the next wait, and by that one alone', async () => {
    const bell = new Bell();
    bell.ring();
    bell.ring();
    await bell.wait(FOREVER_MS);
    const events: string[] = [];
    const second = bell.wait(FOREVER_MS).then(() => events.push('second'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual([]);
    bell.ring();
    await second;
  });

  it('ends the wait by itself when its time is up', async () => {
    await new Bell().wait(1);
  });

  it('is remembered where it is rung between the end of a wait and the next one', async () => {
    const bell = new Bell();
    await bell.wait(1);
    bell.ring();
    await bell.wait(FOREVER_MS);
  });

  it('is heard once where it is rung twice during one wait', async () => {
    const bell = new Bell();
    const waiting = bell.wait(FOREVER_MS);
    bell.ring();
    bell.ring();
    await waiting;
    let ended = false;
    const next = bell.wait(FOREVER_MS).then(() => (ended = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    bell.ring();
    await next;
  });

  it('keeps no process alive, and leaves no timer behind when it is rung', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const bell = new Bell();
    const waiting = bell.wait(FOREVER_MS);
    // Timers that keep nothing alive are not listed.
    expect(timers()).toBe(before);
    bell.ring();
    await waiting;
    expect(timers()).toBe(before);
  });
});
