export { DatabaseHealthModule } from './database-health.module.js';
export { DatabaseHealthIndicator } from './database.health.js';
export { DATABASE_HEALTH_PROBE, REDIS_HEALTH_PROBE, type HealthProbe } from './health-probe.port.js';
export { RedisHealthIndicator } from './redis.health.js';
export type { HealthReport } from '../common/health-report.js';
