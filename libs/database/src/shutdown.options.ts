import type { OptionValidator } from './config/option-validator.js';
import type { Resolved } from './config/resolved.js';

/**
 * How the module closes when the application does.
 *
 * @public
 */
export interface ShutdownOptions {
  /**
   * How long the whole shutdown may take, in milliseconds, the drain included; connections that are still busy then are
   * cut. 0 cuts at once.
   *
   * Range: [0, 600 000]. Keep it below the time the platform waits before it kills (Kubernetes: 30 seconds).
   * @defaultValue 25_000 (25 seconds)
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long readiness says 503 while requests are still served, in milliseconds, so that the load balancer takes the
   * instance out before it closes.
   *
   * Range: [0, 600 000], less than `timeoutMs` unless both are 0.
   * @defaultValue 5_000 (5 seconds), or half of `timeoutMs` where that is less
   */
  readonly drainMs?: number | undefined;
}

/** @internal */
export type ResolvedShutdownOptions = Resolved<ShutdownOptions>;

export const DEFAULT_SHUTDOWN_OPTIONS = {
  timeoutMs: 25_000,
  drainMs: 5_000,
} as const satisfies ResolvedShutdownOptions;

const DURATION = { min: 0, max: 600_000 };

/** Checks the options under `shutdown` and fills in the defaults; a default never contradicts what is given. */
export function resolveShutdownOptions(value: unknown, validator: OptionValidator): ResolvedShutdownOptions {
  const defaults = DEFAULT_SHUTDOWN_OPTIONS;
  const options = validator.object(value, '', Object.keys(defaults));
  const timeoutMs = validator.integer(options.timeoutMs, 'timeoutMs', defaults.timeoutMs, DURATION);
  const drainDefault = Math.min(defaults.drainMs, Math.floor(timeoutMs / 2));
  const drainMs = validator.integer(options.drainMs, 'drainMs', drainDefault, DURATION);
  if (drainMs > 0 && drainMs >= timeoutMs) {
    validator.reject(
      'drainMs',
      `is ${drainMs} ms, expected less than \`shutdown.timeoutMs\` = ${timeoutMs} ms: no time would be left to close.`,
    );
  }
  return { timeoutMs, drainMs };
}
