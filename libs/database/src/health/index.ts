export { DatabaseHealthModule } from './database-health.module.js';
export { DatabaseHealthIndicator, type DatabaseCheckSettings } from './database.health.js';
export {
  DATABASE_HEALTH_PROBE,
  DATABASE_POOL_GAUGE,
  getDatabaseHealthProbeToken,
  getDatabasePoolGaugeToken,
  getRedisHealthProbeToken,
  REDIS_HEALTH_PROBE,
  type HealthProbe,
  type HealthProbeOptions,
  type PoolGauge,
} from './health-probe.port.js';
export type { HealthCheckSettings } from './health-result.js';
export { DatabasePoolHealthIndicator, type PoolCheckSettings } from './pool.health.js';
export { RedisHealthIndicator, type RedisCheckSettings } from './redis.health.js';
export type { HealthReport } from '../common/health-report.js';
export type { PoolUsage } from '../errors/connection.errors.js';
