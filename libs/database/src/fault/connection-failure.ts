import type { DatabaseError, ErrorTarget } from '../errors/database.error.js';
import { translateError } from './translate-error.js';

/** Says what kept a connection from being opened. */
export function translateConnectionFailure(
  error: unknown,
  endpoint: string,
  target: ErrorTarget,
): DatabaseError {
  const operation = `The connection to ${endpoint}`;
  return translateError(error, { target, endpoint, operation, phase: 'connect' });
}
