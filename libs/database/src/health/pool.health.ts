import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { InvalidOptionsError } from '../config/config.errors.js';
import { findForConnection } from './connection-lookup.js';
import { HealthLog } from './health-log.js';
import { getDatabasePoolGaugeToken, type PoolGauge } from './health-probe.port.js';
import { indicate, type Finding, type HealthCheckSettings } from './health-result.js';

const DEFAULT_DEGRADED_ABOVE = 0.9;

/**
 * Settings of one check of a pool.
 *
 * @public
 */
export interface PoolCheckSettings extends HealthCheckSettings {
  /**
   * Which connection.
   *
   * @defaultValue 'default'
   */
  readonly connection?: string;
  /**
   * The share of connections in use above which the pool is degraded even though nobody waits. Range: [0, 1]; 1 looks
   * at waiting callers only.
   *
   * @defaultValue 0.9
   */
  readonly degradedAbove?: number;
}

/**
 * Terminus indicator of the pool's pressure: degraded when callers wait for a connection or nearly all are in use.
 *
 * Never down: taking a busy instance out of the rotation moves its load to the others. It counts and asks no server.
 *
 * @public
 */
@Injectable()
export class DatabasePoolHealthIndicator {
  private readonly log = new HealthLog(new Logger('DatabaseHealth'));

  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  /**
   * The result under `key`.
   *
   * @throws {@link NotConfiguredError} when there is no such connection
   * @throws {@link InvalidOptionsError} when `degradedAbove` is out of its range
   */
  async pressureCheck<Key extends string>(
    key: Key,
    {
      connection = 'default',
      details = false,
      degradedAbove = DEFAULT_DEGRADED_ABOVE,
    }: PoolCheckSettings = {},
  ): Promise<HealthIndicatorResult<Key>> {
    if (!(degradedAbove >= 0 && degradedAbove <= 1)) {
      throw InvalidOptionsError.at(
        'PoolHealthIndicator',
        'degradedAbove',
        'is out of range, expected a number in [0, 1].',
      );
    }
    const gauge = findForConnection<PoolGauge>(
      this.modules,
      getDatabasePoolGaugeToken(connection),
      `DatabasePoolHealthIndicator.pressureCheck(…, { connection: '${connection}' })`,
    );
    const { total, active, connecting, idle, waiting, max } = gauge.usage();
    const finding: Finding = {
      status: waiting > 0 || active / max > degradedAbove ? 'degraded' : 'up',
      figures: { total, active, connecting, idle, waiting, max },
    };
    this.log.note(connection === 'default' ? 'The pool' : `The pool "${connection}"`, finding);
    return indicate(this.indicators.check(key), finding, details);
  }
}
