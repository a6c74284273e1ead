import type { OptionValidator } from '../config/option-validator.js';
import type { Resolved } from '../config/resolved.js';

/**
 * How much is logged. `development`: every query. `production`: warnings, errors and slow queries. `off`: nothing.
 *
 * @public
 */
export const LOGGING_MODES = ['development', 'production', 'off'] as const;

/**
 * One of {@link LOGGING_MODES}.
 *
 * @public
 */
export type LoggingMode = (typeof LOGGING_MODES)[number];

/**
 * What is logged of the queries.
 *
 * @public
 */
export interface LoggingOptions {
  /**
   * `development` logs every query with its duration, `production` only warnings, errors and slow queries, `off`
   * nothing.
   *
   * @defaultValue 'development' if `NODE_ENV` is `development`, 'off' if it is `test`, otherwise 'production'
   */
  readonly mode?: LoggingMode | undefined;
  /**
   * From which duration a query is slow, in milliseconds; slow queries are logged with a fingerprint that is the same
   * for all values. 0 takes none for slow.
   *
   * Range: [0, 3 600 000].
   * @defaultValue 1_000 (1 second)
   */
  readonly slowQueryMs?: number | undefined;
  /**
   * Whether the values of a query are `shown` in the log or `redacted` to their types.
   *
   * @defaultValue 'redacted'
   */
  readonly parameters?: 'redacted' | 'shown' | undefined;
}

/** @internal */
export type ResolvedLoggingOptions = Resolved<LoggingOptions>;

export const DEFAULT_LOGGING_OPTIONS = {
  mode: 'production',
  slowQueryMs: 1_000,
  parameters: 'redacted',
} as const satisfies ResolvedLoggingOptions;

/** Checks the options under `logging` and fills in the defaults; `nodeEnv` is the variable `NODE_ENV`. */
export function resolveLoggingOptions(
  value: unknown,
  validator: OptionValidator,
  nodeEnv: string | undefined,
): ResolvedLoggingOptions {
  const defaults = DEFAULT_LOGGING_OPTIONS;
  const options = validator.object(value, '', Object.keys(defaults));
  return {
    mode: validator.oneOf<LoggingMode, LoggingMode>(options.mode, 'mode', modeOf(nodeEnv), LOGGING_MODES),
    slowQueryMs: validator.integer(options.slowQueryMs, 'slowQueryMs', defaults.slowQueryMs, {
      min: 0,
      max: 3_600_000,
    }),
    parameters: validator.oneOf(options.parameters, 'parameters', defaults.parameters, ['redacted', 'shown']),
  };
}

function modeOf(nodeEnv: string | undefined): LoggingMode {
  if (nodeEnv === 'development') return 'development';
  return nodeEnv === 'test' ? 'off' : DEFAULT_LOGGING_OPTIONS.mode;
}
