import { describe, expect, it } from '@jest/globals';
import { singleFlight } from './single-flight.js';

describe('singleFlight', () => {
  it('lets callers share a run that is under way, and starts a new one afterwards', async () => {
    let runs = 0;
    const next = singleFlight(() => Promise.resolve(++runs));
    expect(await Promise.all([next(), next(), next()])).toEqual([1, 1, 1]);
    expect(await next()).toBe(2);
  });

  it('forgets a run that failed', async () => {
    let runs = 0;
    const next = singleFlight(() =>
      ++runs === 1 ? Promise.reject(new Error('first')) : Promise.resolve(runs),
    );
    await expect(Promise.all([next(), next()])).rejects.toThrow('first');
    expect(await next()).toBe(2);
  });
});
