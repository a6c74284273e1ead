import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { SagaSuspects, suspectedFrom } from './saga-suspects.js';

describe('a saga whose owners have died', () => {
  it.each([
    [0, 1],
    [1, 1],
    [3, 1],
    [4, 2],
    [6, 3],
    [20, 3],
    [1_000, 3],
  ])('is suspected, of %s recoveries, from recovery %s on', (maxRecoveries, from) => {
    expect(suspectedFrom(maxRecoveries)).toBe(from);
  });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the suspects of an instance', () => {
  it('come one at a time, and twice as many for each one that has ended here', () => {
    const suspects = new SagaSuspects(1_000);
    expect(suspects.room).toBe(1);
    suspects.take('a');
    expect(suspects.room).toBe(0);
    suspects.release('a');
    expect(suspects.room).toBe(2);
    suspects.take('b');
    suspects.take('c');
    suspects.release('b');
    expect(suspects.room).toBe(3);
  });

  it('are not made more by the end of any other saga', () => {
    const suspects = new SagaSuspects(1_000);
    suspects.release('of no suspect');
    expect(suspects.room).toBe(1);
  });

  it('are no suspects any more once their process has lived with them for a time', () => {
    jest.useFakeTimers();
    const suspects = new SagaSuspects(1_000);
    suspects.take('a');
    jest.advanceTimersByTime(999);
    expect(suspects.room).toBe(0);
    jest.advanceTimersByTime(1);
    expect(suspects.room).toBe(2);
    suspects.release('a');
    expect(suspects.room).toBe(2);
  });
});
