import { describe, expect, it } from '@jest/globals';
import { countDays, isDay, momentsOf } from './report-days.js';

describe('isDay', () => {
  it.each(['2025-12-31', '2024-02-29', '0001-01-01', '9999-12-31'])(
    'takes a day of the calendar: %s',
    (day) => {
      expect(isDay(day)).toBe(true);
    },
  );

  it.each(['2025-02-29', '2025-13-01', '2025-00-10', '2025-04-31', '0000-01-01', '2025-1-1', '2025-12-31T00:00Z', ' 2025-12-31', 'infinity', 'now', '', null, undefined, 20_251_231, ['2025-12-31']])(
    'refuses what is none: %p',
    (value) => {
      expect(isDay(value)).toBe(false);
    },
  ); // prettier-ignore
});

describe('countDays', () => {
  it.each([
    ['2025-12-31', '2025-12-31', 1],
    ['2024-01-01', '2024-12-31', 366],
    ['2025-03-29', '2025-03-31', 3],
    ['2025-12-31', '2025-12-30', 0],
  ])('counts the first and the last: from %s to %s are %d', (from, to, days) => {
    expect(countDays({ from, to })).toBe(days);
  });
});

describe('momentsOf', () => {
  it('takes whole days of UTC, the last one included', () => {
    const { begin, end } = momentsOf({ from: '2024-02-28', to: '2024-02-29' });
    expect([begin.toISOString(), end.toISOString()]).toEqual([
      '2024-02-28T00:00:00.000Z',
      '2024-03-01T00:00:00.000Z',
    ]);
  });
});
