const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A leap year. */
export const MAX_DAYS = 366;

/** Whole days in UTC, the first and the last included; texts such as `2025-12-31`. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** The orders a report counts: those of some days, in one currency. */
export interface Sold extends Days {
  readonly currency: string;
}

/** Whether the value is a day of the calendar, written as `2025-12-31`. */
export function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !DAY.test(value)) return false;
  const date = new Date(value);
  // The second of March is no way to write the 30th of February; the year 0 is none that PostgreSQL knows.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value) && date.getUTCFullYear() > 0;
}

/** How many days there are, the first and the last included; below 1 where the last comes before the first. */
export function countDays({ from, to }: Days): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
}

/** From the first moment of the first day to the first one after the last, whatever the time zone of a session is. */
export function momentsOf({ from, to }: Days): { readonly begin: Date; readonly end: Date } {
  return { begin: new Date(from), end: new Date(Date.parse(to) + DAY_MS) };
}
