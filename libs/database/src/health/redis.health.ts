import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { HealthLog } from './health-log.js';
import { REDIS_HEALTH_PROBE, type HealthProbe, type HealthProbeOptions } from './health-probe.port.js';
import { indicate, type Finding, type HealthCheckSettings } from './health-result.js';

/**
 * Settings of one check of Redis.
 *
 * @public
 */
export interface RedisCheckSettings extends HealthCheckSettings, HealthProbeOptions {
  /**
   * What a Redis that is down means: `required` is down (503), `optional` is degraded (200), for applications that use
   * it as a cache only.
   *
   * @defaultValue 'required'
   */
  readonly criticality?: 'required' | 'optional';
}

/**
 * Terminus indicator of Redis: up when it answers within a second, and up with `configured: false` where the
 * application runs without Redis.
 *
 * @public
 */
@Injectable()
export class RedisHealthIndicator {
  private readonly log = new HealthLog(new Logger('DatabaseHealth'));

  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Optional() @Inject(REDIS_HEALTH_PROBE) private readonly probe?: HealthProbe | null,
  ) {}

  /** The result under `key`; never rejects, which Terminus 12 would answer with a 500. */
  async pingCheck<Key extends string>(
    key: Key,
    { criticality = 'required', details = false, ...freshness }: RedisCheckSettings = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const session = this.indicators.check(key);
    if (this.probe === undefined || this.probe === null) return session.up({ configured: false });
    const report = await this.probe.checkHealth(freshness);
    const failed = criticality === 'optional' ? 'degraded' : 'down';
    const finding: Finding = {
      status: report.healthy ? 'up' : failed,
      figures: { latencyMs: report.latencyMs, ...report.details, error: report.error },
    };
    this.log.note('Redis', finding);
    return indicate(session, finding, details);
  }
}
