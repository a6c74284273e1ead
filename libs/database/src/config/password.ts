import type { DatabaseLocation } from './database-location.js';
import type { OptionValidator } from './option-validator.js';

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
 */
export function resolvePassword(
  value: unknown,
  location: DatabaseLocation | undefined,
  validator: OptionValidator,
): PasswordProvider | undefined {
  const fixed = location?.url.password;
  if (value === undefined) return fixed === undefined ? undefined : () => fixed.reveal();
  if (typeof value !== 'function') {
    validator.reject(
      'password',
      'is not a function. Give a function that returns the password, or put a fixed password into the URL.',
    );
    return undefined;
  }
  if (fixed !== undefined) {
    validator.reject(
      'password',
      `is given, and \`${location?.passwordSource ?? 'url'}\` holds a password as well. Give one of them.`,
    );
  }
  return value as PasswordProvider;
}
