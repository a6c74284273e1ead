import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseHealthIndicator } from './database.health.js';
import { RedisHealthIndicator } from './redis.health.js';

/**
 * Brings the indicators together with Terminus' `HealthCheckService`; needs a global `DatabaseModule`.
 *
 * @public
 */
@Module({
  imports: [TerminusModule],
  providers: [DatabaseHealthIndicator, RedisHealthIndicator],
  exports: [TerminusModule, DatabaseHealthIndicator, RedisHealthIndicator],
})
export class DatabaseHealthModule {}
