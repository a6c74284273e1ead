import type { HealthReport } from '../common/health-report.js';

/**
 * A store that can be asked how it is; bounded in time, never rejects.
 *
 * @public
 */
export interface HealthProbe {
  /** One bounded check; concurrent calls may share it. */
  checkHealth(): Promise<HealthReport>;
}

/**
 * Injection token of the PostgreSQL probe.
 *
 * @public
 */
export const DATABASE_HEALTH_PROBE = Symbol('database:health-probe');

/** Bound to nothing where Redis is switched off. @public */
export const REDIS_HEALTH_PROBE = Symbol('database:redis-health-probe');
