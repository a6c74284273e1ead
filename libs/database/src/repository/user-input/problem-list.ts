import { ValidationError, type ValidationProblem } from '../../errors/validation.error.js';

/** More of them help nobody, and an answer must not grow with what was sent. */
const MOST = 20;
const LONGEST_PATH = 100;
/** What moves a cursor, starts a line, turns text around or is no character. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu;

/** Collects what is wrong with a user's input, so that one error can list all of it. */
export class ProblemList {
  private readonly problems: ValidationProblem[] = [];

  /** @param path - names the user chose among others, so it is cut and made printable */
  add(path: string, problem: string): void {
    if (this.problems.length >= MOST) return;
    const printable = path.replace(UNPRINTABLE, '\u{fffd}');
    this.problems.push({
      path: printable.length > LONGEST_PATH ? `${printable.slice(0, LONGEST_PATH)}…` : printable,
      problem,
    });
  }

  /** @throws {@link ValidationError} with all of them, if there are any */
  throwIfAny(): void {
    const error = ValidationError.of(this.problems);
    if (error !== undefined) throw error;
  }
}
