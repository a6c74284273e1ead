import { DatabaseError, type DatabaseErrorOptions } from './database.error.js';
import type { ErrorCode } from './error-codes.js';

/**
 * One value that cannot be used.
 *
 * @public
 */
export interface ValidationProblem {
  /** Where it stands, such as `ttl` or `items.0.quantity`. */
  readonly path: string;
  /** What is wrong and what is expected: a clause that continues the path, without the value. */
  readonly problem: string;
}

/**
 * A call was given a value it cannot use; nothing was sent.
 *
 * @public
 */
export class ValidationError extends DatabaseError {
  override readonly name: string = 'ValidationError';
  readonly code: ErrorCode = 'VALIDATION';
  readonly retryable = false;
  /** Everything that is wrong, the first of it under {@link ValidationError.path} and `problem` as well. */
  readonly problems: readonly ValidationProblem[];

  constructor(
    /** The parameter, such as `ttl` or `items.0.quantity`. */
    readonly path: string,
    /** What is wrong and what is expected: a clause that continues the path, without the value. */
    readonly problem: string,
    options?: DatabaseErrorOptions & {
      /** What else is wrong with the same call. */
      readonly others?: readonly ValidationProblem[];
    },
  ) {
    const problems = [{ path, problem }, ...(options?.others ?? [])];
    const sentences = problems.map((each) => `\`${each.path}\` ${each.problem}`);
    super(
      sentences.length === 1
        ? sentences.join('')
        : `${sentences.length} values cannot be used: ${sentences.join(' ')}`,
      options,
    );
    this.problems = Object.freeze(problems);
  }

  /** One error for all of them; undefined for none. */
  static of(
    problems: readonly ValidationProblem[],
    options?: DatabaseErrorOptions,
  ): ValidationError | undefined {
    const [first, ...others] = problems;
    return first && new ValidationError(first.path, first.problem, { ...options, others });
  }
}
