import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { findForConnection, stateTokenOf } from './connection-lookup.js';
import { HealthLog } from './health-log.js';
import {
  assertMaxAge,
  getRedisHealthProbeToken,
  type HealthProbe,
  type HealthProbeOptions,
} from './health-probe.port.js';
import { indicate, type Finding, type HealthCheckSettings } from './health-result.js';

/**
 * Settings of one check of Redis.
 *
 * @public
 */
export interface RedisCheckSettings extends HealthCheckSettings, HealthProbeOptions {
  /**
   * The connection whose Redis it is; a named one without a Redis of its own shares that of the default connection.
   *
   * @defaultValue 'default'
   */
  readonly connection?: string;
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
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /**
   * The result under `key`; a store that fails never makes it reject, which Terminus 12 would answer with a 500.
   *
   * @throws {@link NotConfiguredError} when there is no such connection
   * @throws {@link ValidationError} when `maxAgeMs` is out of its range
   */
  async pingCheck<Key extends string>(
    key: Key,
    {
      connection = 'default',
      criticality = 'required',
      details = false,
      ...freshness
    }: RedisCheckSettings = {},
  ): Promise<HealthIndicatorResult<Key>> {
    assertMaxAge(freshness);
    const session = this.indicators.check(key);
    const probe = this.find(connection);
    if (probe === undefined) return session.up({ configured: false });
    const report = await probe.checkHealth(freshness);
    const failed = criticality === 'optional' ? 'degraded' : 'down';
    const finding: Finding = {
      status: report.healthy ? 'up' : failed,
      figures: { latencyMs: report.latencyMs, ...report.details, error: report.error },
    };
    this.log.note(connection === 'default' ? 'Redis' : `Redis of "${connection}"`, finding);
    return indicate(session, finding, details);
  }

  private find(connection: string): HealthProbe | undefined {
    if (connection !== 'default') {
      const caller = `RedisHealthIndicator.pingCheck(…, { connection: '${connection}' })`;
      findForConnection(this.modules, stateTokenOf(connection), caller);
    }
    return findForConnection<HealthProbe>(this.modules, getRedisHealthProbeToken(connection));
  }
}
