import type { OptionValidator } from '../config/option-validator.js';

/**
 * How many connections the application holds and how long it waits for one.
 *
 * @public
 */
export interface PoolOptions {
  /**
   * The most connections that are open at once. Keep the sum over all instances below the server's
   * `max_connections`. Range: [1, 1 000].
   *
   * @defaultValue 20, or `connection_limit` of the URL
   */
  readonly max?: number;
  /**
   * How long a caller may wait for a connection, opening one included, in milliseconds. Range: [1, 600 000].
   *
   * @defaultValue 10_000 (10 seconds)
   */
  readonly acquireTimeoutMs?: number;
  /**
   * How long a connection may stay unused before it is closed, in milliseconds. Range: [1 000, 86 400 000].
   *
   * @defaultValue 600_000 (10 minutes)
   */
  readonly idleTimeoutMs?: number;
  /**
   * How old a connection may grow before it is replaced at its next return, in milliseconds. Whole seconds.
   * Range: [1 000, 86 400 000].
   *
   * @defaultValue 3_600_000 (1 hour)
   */
  readonly maxLifetimeMs?: number;
  /**
   * How long a connection may be silent before TCP probes it, in milliseconds. Range: [1 000, 3 600 000].
   *
   * @defaultValue 10_000 (10 seconds)
   */
  readonly keepAliveMs?: number;
}

/** @internal */
export type ResolvedPoolOptions = Required<PoolOptions>;

export const DEFAULT_POOL_OPTIONS = {
  max: 20,
  acquireTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  maxLifetimeMs: 3_600_000,
  keepAliveMs: 10_000,
} as const satisfies ResolvedPoolOptions;

const DAY_MS = 86_400_000;

export function resolvePoolOptions(
  value: unknown,
  validator: OptionValidator,
  connectionLimit: number = DEFAULT_POOL_OPTIONS.max,
): ResolvedPoolOptions {
  const defaults = DEFAULT_POOL_OPTIONS;
  const options = validator.object(value, '', Object.keys(defaults));
  const maxLifetimeMs = validator.integer(options.maxLifetimeMs, 'maxLifetimeMs', defaults.maxLifetimeMs, {
    min: 1_000,
    max: DAY_MS,
  });
  if (maxLifetimeMs % 1_000 !== 0)
    validator.reject('maxLifetimeMs', `is ${maxLifetimeMs}, expected whole seconds.`);
  return {
    max: validator.integer(options.max, 'max', connectionLimit, { min: 1, max: 1_000 }),
    acquireTimeoutMs: validator.integer(
      options.acquireTimeoutMs,
      'acquireTimeoutMs',
      defaults.acquireTimeoutMs,
      {
        min: 1,
        max: 600_000,
      },
    ),
    idleTimeoutMs: validator.integer(options.idleTimeoutMs, 'idleTimeoutMs', defaults.idleTimeoutMs, {
      min: 1_000,
      max: DAY_MS,
    }),
    maxLifetimeMs,
    keepAliveMs: validator.integer(options.keepAliveMs, 'keepAliveMs', defaults.keepAliveMs, {
      min: 1_000,
      max: 3_600_000,
    }),
  };
}
