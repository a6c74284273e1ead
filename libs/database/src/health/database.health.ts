import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { indicate } from './health-result.js';
import { DATABASE_HEALTH_PROBE, type HealthProbe } from './health-probe.port.js';

/**
 * Terminus indicator of PostgreSQL: up when a real query is answered within a second.
 *
 * @public
 */
@Injectable()
export class DatabaseHealthIndicator {
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(DATABASE_HEALTH_PROBE) private readonly probe: HealthProbe,
  ) {}

  /** The result under `key` with latency and pool usage; never rejects, which Terminus 12 would answer with a 500. */
  async pingCheck<Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    return indicate(this.indicators.check(key), await this.probe.checkHealth());
  }
}
