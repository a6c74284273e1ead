import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseHealthIndicator } from './database.health.js';
import { DatabasePoolHealthIndicator } from './pool.health.js';
import { RedisHealthIndicator } from './redis.health.js';

const INDICATORS = [DatabaseHealthIndicator, DatabasePoolHealthIndicator, RedisHealthIndicator];

/**
 * Brings the indicators together with Terminus' `HealthCheckService`; needs a global `DatabaseModule`.
 *
 * @public
 */
@Module({
  imports: [TerminusModule],
  providers: INDICATORS,
  exports: [TerminusModule, ...INDICATORS],
})
export class DatabaseHealthModule {}
