/**
 * What a call does about the transaction it is made in, in Spring's words.
 *
 * - `REQUIRED`: joins it, or begins one.
 * - `REQUIRES_NEW`: begins one of its own on another connection, while the outer one waits with its own.
 * - `NESTED`: a savepoint of it: rolled back alone, committed with it. Begins one where there is none.
 * - `SUPPORTS`: joins it, or runs without one.
 * - `NOT_SUPPORTED`: runs without one; the outer one waits.
 * - `MANDATORY`: joins it, and is refused where there is none.
 * - `NEVER`: is refused inside of one.
 *
 * @public
 */
export const PROPAGATIONS = [
  'REQUIRED',
  'REQUIRES_NEW',
  'NESTED',
  'SUPPORTS',
  'NOT_SUPPORTED',
  'MANDATORY',
  'NEVER',
] as const;

/**
 * One of {@link PROPAGATIONS}.
 *
 * @public
 */
export type Propagation = (typeof PROPAGATIONS)[number];
