import { describe, expect, it } from '@jest/globals';
import { TimeOrderedIds } from './time-ordered-ids.js';

const UUID_7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe('TimeOrderedIds', () => {
  it('makes UUIDs of version 7, whose first 48 bits are the time', () => {
    const now = Date.UTC(2026, 10, 22);
    const id = new TimeOrderedIds().next(now);
    expect(id).toMatch(UUID_7);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now);
  });

  it('makes ids that sort in the order in which they were made, thousands of them in one millisecond', () => {
    const ids = new TimeOrderedIds();
    const made = Array.from({ length: 20_000 }, () => ids.next(1_000_000));
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
    expect(made.filter((id) => !UUID_7.test(id))).toEqual([]);
  });

  it('keeps the order where the clock goes back', () => {
    const ids = new TimeOrderedIds();
    const made = [5_000, 4_000, 4_001, 4_999, 5_000, 5_001].map((now) => ids.next(now));
    expect([...made].sort()).toEqual(made);
  });

  it('makes different ids in different sources at the same moment', () => {
    const made = Array.from({ length: 200 }, () => new TimeOrderedIds().next(1_000));
    expect(new Set(made).size).toBe(200);
  });
});
