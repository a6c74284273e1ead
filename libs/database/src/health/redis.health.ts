import { Inject, Injectable, Optional } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { indicate } from './health-result.js';
import { REDIS_HEALTH_PROBE, type HealthProbe } from './health-probe.port.js';

/**
 * Terminus indicator of Redis: up when it answers within a second, and up with `configured: false` where the
 * application runs without Redis.
 *
 * @public
 */
@Injectable()
export class RedisHealthIndicator {
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Optional() @Inject(REDIS_HEALTH_PROBE) private readonly probe?: HealthProbe | null,
  ) {}

  /** The result under `key` with latency, memory and role; never rejects, which Terminus 12 would answer with a 500. */
  async pingCheck<Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    const session = this.indicators.check(key);
    if (this.probe === undefined || this.probe === null) return session.up({ configured: false });
    return indicate(session, await this.probe.checkHealth());
  }
}
