const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3}0{0,6})?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

const EARLIEST = new Date('0001-01-01');
const LATEST = new Date('9999-12-31T23:59:59.999Z');

/** The moment, or what is wrong with the text: a clause that continues its path. */
export type DateReading = { readonly value: Date } | { readonly problem: string };

/**
 * Reads a text of ISO 8601. A moment needs a zone: without one it would be another in every process, and what
 * `new Date` makes of other texts is a guess.
 */
export function readDate(text: string, type: 'date' | 'datetime'): DateReading {
  const match = DATE.exec(text) ?? (type === 'datetime' ? MOMENT.exec(text) : null);
  const [, year, month, day] = (match ?? []).map(Number);
  if (match === null || year === undefined || month === undefined || day === undefined || year === 0) {
    return wrong(
      type === 'date'
        ? 'is no date such as 2026-11-21.'
        : 'is no date such as 2026-11-21, or moment such as 2026-11-21T18:30:00.000Z with a zone.',
    );
  }
  const inMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > inMonth) return wrong('is no day of the calendar.');
  const value = new Date(text);
  // A zone can carry a moment over the edge of what both ends write with four digits.
  return value >= EARLIEST && value <= LATEST ? { value } : wrong('is out of range.');
}

function wrong(problem: string): DateReading {
  return { problem };
}
