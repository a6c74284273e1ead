/**
 * One thing that is wrong with the given options.
 *
 * @public
 */
export interface OptionViolation {
  /** Where it is: an option's path such as `pool.max`, or the name of an environment variable. */
  readonly path: string;
  /** What is wrong and what is expected; never the value of a secret. */
  readonly problem: string;
}
