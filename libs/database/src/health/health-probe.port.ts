import type { HealthReport } from '../common/health-report.js';
import type { PoolUsage } from '../errors/connection.errors.js';
import { InvalidOptionsError } from '../config/config.errors.js';

/** The {@link HealthProbeOptions.maxAgeMs} of a check that names none. */
export const DEFAULT_MAX_AGE_MS = 500;

/**
 * How fresh an answer of a probe has to be.
 *
 * @public
 */
export interface HealthProbeOptions {
  /**
   * The greatest age of a report that may be given again, in milliseconds; 0 always asks the store. A report of a
   * connection that has been lost since is never given again. Range: [0, ∞].
   *
   * @defaultValue 500
   */
  readonly maxAgeMs?: number;
}

/**
 * Refuses an age that no report can have, which would be taken for "ask always" without a word.
 *
 * @throws {@link InvalidOptionsError} when `maxAgeMs` is not a number in [0, ∞]
 */
export function assertMaxAge({ maxAgeMs }: HealthProbeOptions): void {
  if (maxAgeMs === undefined || (typeof maxAgeMs === 'number' && maxAgeMs >= 0)) return;
  throw InvalidOptionsError.at(
    'A health indicator',
    'maxAgeMs',
    'is out of range, expected milliseconds in [0, ∞].',
  );
}

/**
 * A store that can be asked how it is; bounded in time, never rejects.
 *
 * @public
 */
export interface HealthProbe {
  /** One bounded check; concurrent calls share it. */
  checkHealth(options?: HealthProbeOptions): Promise<HealthReport>;
  /**
   * When the store last answered anybody who works with it, by `performance.now()`; undefined where that is not known. A
   * check that comes too late says less than that.
   */
  readonly lastAnswerAt?: number | undefined;
}

/**
 * The pool's figures of this moment.
 *
 * @public
 */
export interface PoolGauge {
  /** Counts; asks no server. */
  usage(): PoolUsage;
}

/**
 * One connection that belongs to a probe alone.
 *
 * @internal
 */
export interface ProbeSession {
  /** Whether the connection has ended, by whatever cause. */
  readonly lost: boolean;
  /** One question to the server. */
  ask(): Promise<void>;
  /** Cuts the connection at once; a question under way rejects. */
  destroy(): void;
  /** Ends it in order, bounded in time; never rejects. */
  close(): Promise<void>;
}

/**
 * Injection token of the PostgreSQL probe of the default connection.
 *
 * @public
 */
export const DATABASE_HEALTH_PROBE = Symbol('database:health-probe');

/** Injection token of the pool's figures of the default connection. @public */
export const DATABASE_POOL_GAUGE = Symbol('database:pool-gauge');

/** Bound to nothing where Redis is switched off. @public */
export const REDIS_HEALTH_PROBE = Symbol('database:redis-health-probe');

/** The token of a connection's probe; that of a named one is a readable text. @public */
export function getDatabaseHealthProbeToken(connection = 'default'): string | symbol {
  return connection === 'default' ? DATABASE_HEALTH_PROBE : `${connection}:DatabaseHealthProbe`;
}

/** The token of a connection's pool figures; that of a named one is a readable text. @public */
export function getDatabasePoolGaugeToken(connection = 'default'): string | symbol {
  return connection === 'default' ? DATABASE_POOL_GAUGE : `${connection}:DatabasePoolGauge`;
}

/** The token of the probe of a connection's Redis; that of a named one is a readable text. @public */
export function getRedisHealthProbeToken(connection = 'default'): string | symbol {
  return connection === 'default' ? REDIS_HEALTH_PROBE : `${connection}:RedisHealthProbe`;
}
