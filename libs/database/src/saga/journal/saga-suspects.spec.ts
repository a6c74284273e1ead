import { describe, expect, it } from '@jest/globals';
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

describe('the suspects of an instance', () => {
  it('come one at a time, and twice as many for each one that has ended here', () => {
    const suspects = new SagaSuspects();
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
    const suspects = new SagaSuspects();
    suspects.release('of no suspect');
    expect(suspects.room).toBe(1);
  });
});
