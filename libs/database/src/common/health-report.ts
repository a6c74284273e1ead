/**
 * What one check of a store found.
 *
 * @public
 */
export interface HealthReport {
  /** Whether the store answered in time. */
  readonly healthy: boolean;
  /** Time of the check's round trip in milliseconds; of the failed attempt where it failed. */
  readonly latencyMs: number;
  /** Figures for people, such as pool usage, server version or memory. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** Why the store is not healthy; one sentence without secrets. */
  readonly error?: string;
  /** The code of that error, where it has one. */
  readonly code?: string;
}
