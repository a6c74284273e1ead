import type { HealthReport } from '../common/health-report.js';

/**
 * A store that can be asked how it is; bounded in time, never rejects.
 *
 * @public
 */
export interface HealthProbe {
  checkHealth(): Promise<HealthReport>;
}

/** @public */
export const DATABASE_HEALTH_PROBE = Symbol('database:health-probe');

/** Bound to nothing where Redis is switched off. @public */
export const REDIS_HEALTH_PROBE = Symbol('database:redis-health-probe');
