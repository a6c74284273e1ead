import type { PasswordProvider } from '../config/password.js';
import { AuthenticationError } from '../errors/connection.errors.js';
import type { ErrorTarget } from '../errors/database.error.js';

/** @throws {AuthenticationError} when there is no password, or its provider fails or gives something else than a text. */
export async function askPassword(
  provider: PasswordProvider | undefined,
  endpoint: string,
  target: ErrorTarget,
): Promise<string> {
  if (provider === undefined)
    throw new AuthenticationError(endpoint, { target }, 'The server asks for a password and none was given');
  let password: unknown;
  try {
    password = await provider();
  } catch (cause) {
    throw new AuthenticationError(
      endpoint,
      { target, cause },
      'The function `password` failed (see `cause`)',
    );
  }
  if (typeof password === 'string' && password !== '') return password;
  throw new AuthenticationError(endpoint, { target }, 'The function `password` gave no text');
}
