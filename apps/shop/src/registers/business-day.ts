const DAY_LENGTH = '2025-12-31'.length;

/** A day of the calendar as the database keeps it: `2025-12-31`. */
export function dayText(day: Date): string {
  return day.toISOString().slice(0, DAY_LENGTH);
}

/** @param text - a day, as `isDay` accepts it */
export function dayOf(text: string): Date {
  return new Date(text);
}
