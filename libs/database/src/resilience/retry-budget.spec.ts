import { describe, expect, it } from '@jest/globals';
import { RetryBudget } from './retry-budget.js';

describe('a retry budget', () => {
  const setUp = (percent: number, minPerSecond: number) => {
    const clock = { ms: 5_000 };
    return { clock, budget: new RetryBudget({ percent, minPerSecond }, () => clock.ms) };
  };
  const takeAll = (budget: RetryBudget, wanted: number) =>
    Array.from({ length: wanted }, () => budget.take()).filter(Boolean).length;

  it('lets no more than its share of the calls be repeated when all of them fail', () => {
    const { clock, budget } = setUp(10, 0);
    let repeated = 0;
    for (let call = 0; call < 20_000; call += 1) {
      clock.ms += 1;
      budget.call();
      if (budget.take()) repeated += 1;
    }
    expect(repeated).toBeGreaterThan(1_900);
    expect(repeated).toBeLessThanOrEqual(2_000);
  });

  it('always allows its minimum, on average over ten seconds', () => {
    const { clock, budget } = setUp(0, 3);
    expect(takeAll(budget, 100)).toBe(30);
    clock.ms += 9_000;
    expect(takeAll(budget, 100)).toBe(0);
    clock.ms += 1_000;
    expect(takeAll(budget, 100)).toBe(30);
  });

  it('forgets calls after ten seconds', () => {
    const { clock, budget } = setUp(50, 0);
    for (let call = 0; call < 100; call += 1) budget.call();
    clock.ms += 10_000;
    expect(takeAll(budget, 100)).toBe(0);
  });

  it('remembers no more than ten seconds, however long it lives', () => {
    const { clock, budget } = setUp(10, 1);
    for (let second = 0; second < 1_000; second += 1) {
      clock.ms += 1_000;
      budget.call();
    }
    expect((budget as unknown as { seconds: unknown[] }).seconds.length).toBeLessThanOrEqual(10);
  });
});
