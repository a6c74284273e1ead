import type { OptionValidator } from '../config/option-validator.js';
import type { Resolved } from '../config/resolved.js';

/**
 * How many connections the application holds and how long it waits for one.
 *
 * @public
 */
export interface PoolOptions {
  /**
   * The most connections that are open at once. Keep the sum over all instances below the server's
   * `max_connections`.
   *
   * Range: [1, 1 000].
   * @defaultValue 20
   */
  readonly max?: number | undefined;
  /**
   * How many connections stay open however long they are unused; they are opened at the start if `warmUp` is on.
   *
   * Range: [0, 1 000], at most `max`.
   * @defaultValue 5, or `max` where that is less
   */
  readonly min?: number | undefined;
  /**
   * How long a caller may wait for a connection, in milliseconds: in the queue and while one is opened together. Callers
   * are served in the order in which they came.
   *
   * Range: [1, 600 000].
   * @defaultValue 10_000 (10 seconds), or `connectTimeoutMs` where that is given and longer
   */
  readonly acquireTimeoutMs?: number | undefined;
  /**
   * How long opening one connection may take, TLS and authentication included, in milliseconds.
   *
   * Range: [1, 600 000], at most `acquireTimeoutMs`: nobody would be left to wait for the connection.
   * @defaultValue 10_000 (10 seconds), or `acquireTimeoutMs` where that is shorter
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long a connection above `min` may stay unused before it is closed, in milliseconds.
   *
   * Range: [1 000, 86 400 000].
   * @defaultValue 600_000 (10 minutes)
   */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * How old a connection may grow before it is replaced, in milliseconds; a connection in use is replaced when it comes
   * back. Each connection's limit lies up to a tenth below, so that they are not all replaced at once.
   *
   * Range: [1 000, 86 400 000], whole seconds.
   * @defaultValue 3_600_000 (1 hour)
   */
  readonly maxLifetimeMs?: number | undefined;
  /**
   * How long a connection may be silent before TCP probes it, in milliseconds.
   *
   * Range: [1 000, 3 600 000].
   * @defaultValue 10_000 (10 seconds)
   */
  readonly keepAliveMs?: number | undefined;
  /**
   * How long a connection may be held, in milliseconds, before a warning names the code that holds it. A value below
   * `timeouts.statementMs` reports statements that are merely slow as well. 0 switches the watch off.
   *
   * Range: [0, 86 400 000].
   * @defaultValue 60_000 (1 minute)
   */
  readonly leakThresholdMs?: number | undefined;
  /**
   * Whether the start opens `min` connections and proves each with a query, so that the first requests find them open.
   *
   * @defaultValue true, or false where `startup.mode` is 'lazy'
   */
  readonly warmUp?: boolean | undefined;
}

/** @internal */
export type ResolvedPoolOptions = Resolved<PoolOptions>;

export const DEFAULT_POOL_OPTIONS = {
  max: 20,
  min: 5,
  acquireTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  maxLifetimeMs: 3_600_000,
  keepAliveMs: 10_000,
  leakThresholdMs: 60_000,
  warmUp: true,
} as const satisfies ResolvedPoolOptions;

const DAY_MS = 86_400_000;
const SIZE = { min: 1, max: 1_000 };
const WAIT = { min: 1, max: 600_000 };
const AGE = { min: 1_000, max: DAY_MS };

/**
 * Checks the options under `pool` and fills in the defaults; a default never contradicts what is given.
 *
 * @param isLazy - whether the start makes no connection
 */
export function resolvePoolOptions(
  value: unknown,
  validator: OptionValidator,
  isLazy = false,
): ResolvedPoolOptions {
  const defaults = DEFAULT_POOL_OPTIONS;
  const options = validator.object(value, '', Object.keys(defaults));
  const max = validator.integer(options.max, 'max', defaults.max, SIZE);
  const min = validator.integer(options.min, 'min', Math.min(defaults.min, max), { ...SIZE, min: 0 });
  if (min > max) validator.reject('min', `is ${min}, more than \`${validator.nameOf('max')}\` = ${max}.`);
  const connectGiven = validator.integer(options.connectTimeoutMs, 'connectTimeoutMs', 0, WAIT);
  const acquireTimeoutMs = validator.integer(
    options.acquireTimeoutMs,
    'acquireTimeoutMs',
    Math.max(defaults.acquireTimeoutMs, connectGiven),
    WAIT,
  );
  if (connectGiven > acquireTimeoutMs) {
    validator.reject(
      'connectTimeoutMs',
      `is ${connectGiven} ms, longer than \`${validator.nameOf('acquireTimeoutMs')}\` = ${acquireTimeoutMs} ms: nobody would be left to wait for the connection.`,
    );
  }
  const warmUp = validator.boolean(options.warmUp, 'warmUp', defaults.warmUp && !isLazy);
  if (warmUp && isLazy) {
    validator.reject('warmUp', "opens connections at the start, which `startup.mode` = 'lazy' does not.");
  }
  const maxLifetimeMs = validator.integer(
    options.maxLifetimeMs,
    'maxLifetimeMs',
    defaults.maxLifetimeMs,
    AGE,
  );
  if (maxLifetimeMs % 1_000 !== 0)
    validator.reject('maxLifetimeMs', `is ${maxLifetimeMs}, expected whole seconds.`);
  return {
    max,
    min,
    acquireTimeoutMs,
    connectTimeoutMs:
      connectGiven === 0 ? Math.min(defaults.connectTimeoutMs, acquireTimeoutMs) : connectGiven,
    idleTimeoutMs: validator.integer(options.idleTimeoutMs, 'idleTimeoutMs', defaults.idleTimeoutMs, AGE),
    maxLifetimeMs,
    keepAliveMs: validator.integer(options.keepAliveMs, 'keepAliveMs', defaults.keepAliveMs, {
      min: 1_000,
      max: 3_600_000,
    }),
    leakThresholdMs: validator.integer(options.leakThresholdMs, 'leakThresholdMs', defaults.leakThresholdMs, {
      min: 0,
      max: DAY_MS,
    }),
    warmUp,
  };
}
