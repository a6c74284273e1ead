import type { OptionValidator } from './config/option-validator.js';
import type { Resolved } from './config/resolved.js';

/**
 * What a start does while the database cannot be reached.
 *
 * `strict`: it fails after the last attempt, with the cause. `degraded`: it succeeds, readiness says 503, and the
 * connection is tried in the background until it works. `lazy`: it succeeds without connecting; the first use connects.
 *
 * @public
 */
export const STARTUP_MODES = ['strict', 'degraded', 'lazy'] as const;

/**
 * One of {@link STARTUP_MODES}.
 *
 * @public
 */
export type StartupMode = (typeof STARTUP_MODES)[number];

/**
 * How the first connection is made.
 *
 * @public
 */
export interface StartupOptions {
  /**
   * What happens while the database cannot be reached: `strict` fails the start, `degraded` serves without it and heals
   * alone, `lazy` connects at the first use.
   *
   * @defaultValue 'strict'
   */
  readonly mode?: StartupMode | undefined;
  /**
   * How often the connection is tried before the start fails; refused credentials and other errors that a repetition
   * does not cure are not tried again. In the background of `degraded` there is no limit.
   *
   * Range: [1, 1 000].
   * @defaultValue 3
   */
  readonly attempts?: number | undefined;
  /**
   * How long the first pause between two attempts may be, in milliseconds. Every pause is random up to its limit, so that
   * many instances do not knock together.
   *
   * Range: [0, 600 000], at most `maxDelayMs`.
   * @defaultValue 1_000 (1 second), or `maxDelayMs` where that is less
   */
  readonly initialDelayMs?: number | undefined;
  /**
   * How far the limit of a pause grows, in milliseconds.
   *
   * Range: [0, 600 000].
   * @defaultValue 10_000 (10 seconds), or `initialDelayMs` where that is given and longer
   */
  readonly maxDelayMs?: number | undefined;
  /**
   * By what the limit of each pause is longer than that of the one before it.
   *
   * Range: [1, 10].
   * @defaultValue 2
   */
  readonly factor?: number | undefined;
}

/** @internal */
export type ResolvedStartupOptions = Resolved<StartupOptions>;

export const DEFAULT_STARTUP_OPTIONS = {
  mode: 'strict',
  attempts: 3,
  initialDelayMs: 1_000,
  maxDelayMs: 10_000,
  factor: 2,
} as const satisfies ResolvedStartupOptions;

const NOT_GIVEN = -1;
const DELAY = { min: 0, max: 600_000 };

/** Checks the options under `startup` and fills in the defaults; a default never contradicts what is given. */
export function resolveStartupOptions(value: unknown, validator: OptionValidator): ResolvedStartupOptions {
  const defaults = DEFAULT_STARTUP_OPTIONS;
  const options = validator.object(value, '', Object.keys(defaults));
  const initialGiven = validator.integer(options.initialDelayMs, 'initialDelayMs', NOT_GIVEN, DELAY);
  const maxDelayMs = validator.integer(
    options.maxDelayMs,
    'maxDelayMs',
    Math.max(defaults.maxDelayMs, initialGiven),
    DELAY,
  );
  if (initialGiven > maxDelayMs) {
    validator.reject(
      'initialDelayMs',
      `is ${initialGiven} ms, longer than \`${validator.nameOf('maxDelayMs')}\` = ${maxDelayMs} ms.`,
    );
  }
  return {
    mode: validator.oneOf(options.mode, 'mode', defaults.mode, STARTUP_MODES),
    attempts: validator.integer(options.attempts, 'attempts', defaults.attempts, { min: 1, max: 1_000 }),
    initialDelayMs: initialGiven === NOT_GIVEN ? Math.min(defaults.initialDelayMs, maxDelayMs) : initialGiven,
    maxDelayMs,
    factor: validator.number(options.factor, 'factor', defaults.factor, { min: 1, max: 10 }),
  };
}
