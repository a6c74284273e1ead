import type { OptionValidator } from './option-validator.js';
import type { Secret } from './secret.js';

/**
 * Gives the password of the database user; asked once for every new connection, so that a rotated password is used from
 * the next connection on.
 *
 * @public
 */
export type PasswordProvider = () => string | Promise<string>;

/**
 * The one source of the password. A fixed password becomes a function as well: a function prints nothing, survives a
 * copy of the options, and is what the driver takes.
 *
 * @param fixed - the password of the URL or of the environment
 */
export function resolvePassword(
  value: unknown,
  fixed: Secret | undefined,
  validator: OptionValidator,
): PasswordProvider | undefined {
  if (value === undefined) return fixed === undefined ? undefined : () => fixed.reveal();
  if (typeof value !== 'function') {
    validator.reject(
      'password',
      'is not a function. Give a function that returns the password, or put a fixed password into the URL.',
    );
    return undefined;
  }
  return value as PasswordProvider;
}
