import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { findForConnection, stateTokenOf } from './connection-lookup.js';
import type { DatabaseState } from '../lifecycle/database-state.js';
import { HealthLog } from './health-log.js';
import {
  assertMaxAge,
  getDatabaseHealthProbeToken,
  type HealthProbe,
  type HealthProbeOptions,
} from './health-probe.port.js';
import { indicate, type Finding, type HealthCheckSettings } from './health-result.js';

/**
 * Settings of one check of a database.
 *
 * @public
 */
export interface DatabaseCheckSettings extends HealthCheckSettings, HealthProbeOptions {
  /**
   * Which connection.
   *
   * @defaultValue 'default'
   */
  readonly connection?: string;
}

/**
 * Terminus indicator of PostgreSQL: up when the connection is ready and a real query is answered within 750 ms.
 *
 * It asks over a connection of its own, so that a busy pool is neither reported as a dead database nor made busier.
 *
 * @public
 */
@Injectable()
export class DatabaseHealthIndicator {
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
    { connection = 'default', details = false, ...freshness }: DatabaseCheckSettings = {},
  ): Promise<HealthIndicatorResult<Key>> {
    assertMaxAge(freshness);
    const finding = this.findByState(connection) ?? (await this.ask(connection, freshness));
    return indicate(this.indicators.check(key), finding, details);
  }

  /** No question to the store where its answer would not change ours: while it starts, drains or is given up. */
  private findByState(connection: string): Finding | undefined {
    const state = findForConnection<DatabaseState>(this.modules, stateTokenOf(connection));
    if (state === undefined || state.status === 'ready') return undefined;
    return { status: 'down', figures: { state: state.status, error: state.reason } };
  }

  private async ask(connection: string, freshness: HealthProbeOptions): Promise<Finding> {
    const probe = findForConnection<HealthProbe>(
      this.modules,
      getDatabaseHealthProbeToken(connection),
      `DatabaseHealthIndicator.pingCheck(…, { connection: '${connection}' })`,
    );
    const { healthy, latencyMs, details, error } = await probe.checkHealth(freshness);
    const finding: Finding = { status: healthy ? 'up' : 'down', figures: { latencyMs, ...details, error } };
    this.log.note(connection === 'default' ? 'The database' : `The database "${connection}"`, finding);
    return finding;
  }
}
