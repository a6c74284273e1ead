import type { PasswordProvider } from '../config/password.js';
import { AuthenticationError } from '../errors/connection.errors.js';
import type { ErrorTarget } from '../errors/database.error.js';

/**
 * The password, or the promise of it where the provider gives one. Never throws: the promise rejects with an
 * {@link AuthenticationError} when there is no password, or its provider fails or gives something else than a text.
 */
export function askPassword(
  provider: PasswordProvider | undefined,
  endpoint: string,
  target: ErrorTarget,
): string | Promise<string> {
  const fail = (problem: string, cause?: unknown) =>
    Promise.reject<string>(
      new AuthenticationError(endpoint, { target, ...(cause !== undefined && { cause }) }, problem),
    );
  if (provider === undefined) return fail('The server asks for a password and none was given');
  const failed = (cause: unknown) => fail('The function `password` failed (see `cause`)', cause);
  const check = (password: unknown) =>
    typeof password === 'string' && password !== '' ? password : fail('The function `password` gave no text');
  try {
    const given: unknown = provider();
    return typeof given === 'string' ? check(given) : Promise.resolve(given).then(check, failed);
  } catch (cause) {
    return failed(cause);
  }
}
