import { DatabaseError } from '../errors/database.error.js';
import type { OptionViolation } from './option-violation.js';

/**
 * The options, environment variables or arguments that a program gave cannot be used; lists every problem at once.
 *
 * A mistake in the code or its configuration, in contrast to a {@link ValidationError}, which is about values.
 *
 * @public
 */
export class InvalidOptionsError extends DatabaseError {
  override readonly name = 'InvalidOptionsError';
  readonly code = 'INVALID_OPTIONS';
  readonly retryable = false;

  constructor(
    /** What was configured or called, such as `DatabaseModule`. */
    readonly subject: string,
    /** Every problem, in the order of the options; at least one. */
    readonly violations: readonly OptionViolation[],
  ) {
    const [first] = violations;
    const list =
      violations.length === 1 && first !== undefined
        ? `1 invalid option: \`${first.path}\` ${first.problem} `
        : `${violations.length} invalid options:${violations.map(({ path, problem }) => `\n • \`${path}\` ${problem}`).join('')}\n`;
    super(`${subject} was given ${list}Nothing was started.`);
  }

  /**
   * One problem: a call that a program made in a way it cannot mean, whatever the values in it.
   *
   * @internal
   */
  static at(subject: string, path: string, problem: string): InvalidOptionsError {
    return new InvalidOptionsError(subject, [{ path, problem }]);
  }
}

/**
 * A service was injected although its part of the module is switched off.
 *
 * @public
 */
export class NotConfiguredError extends DatabaseError {
  override readonly name = 'NotConfiguredError';
  readonly code = 'NOT_CONFIGURED';
  readonly retryable = false;

  constructor(
    /** Name of the injected class. */
    readonly service: string,
    /** Names of the classes that inject it. */
    readonly consumers: readonly string[],
    /** Which option to give; a full sentence. */
    readonly remedy: string,
  ) {
    super(
      `\`${service}\` is injected by ${consumers.map((name) => `\`${name}\``).join(', ')} but is not configured. ${remedy} ` +
        'Mark the parameter @Optional() where the service may be absent.',
    );
  }
}
