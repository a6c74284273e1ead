/** How pauses between attempts grow. */
export interface BackoffSchedule {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly factor: number;
}

/**
 * The pause after the `attempt`th failure, counted from 1: anything between nothing and the schedule's delay, so that
 * instances that fail together do not knock together ("full jitter").
 */
export function fullJitter(
  attempt: number,
  { initialDelayMs, maxDelayMs, factor }: BackoffSchedule,
  random: () => number = Math.random,
): number {
  return Math.round(random() * Math.min(maxDelayMs, initialDelayMs * factor ** (attempt - 1)));
}
