import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fullJitter } from './backoff.js';

describe('fullJitter', () => {
  const schedule = { initialDelayMs: 1_000, maxDelayMs: 10_000, factor: 2 };

  it('doubles the longest pause up to the cap', () => {
    const longest = [1, 2, 3, 4, 5, 1_000].map((attempt) => fullJitter(attempt, schedule, () => 1));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('never leaves the range of the schedule', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, random) => {
          const pause = fullJitter(attempt, schedule, () => random);
          return pause >= 0 && pause <= schedule.maxDelayMs;
        },
      ),
    );
  });
});
