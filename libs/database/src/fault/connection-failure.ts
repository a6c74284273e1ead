import {
  AuthenticationError,
  TlsError,
  UnavailableError,
  type ConnectionErrorOptions,
} from '../errors/connection.errors.js';
import type { DatabaseError, ErrorTarget } from '../errors/database.error.js';
import { RejectedQueryError, SchemaError } from '../errors/query.errors.js';

const UNREACHABLE = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPIPE',
]); // prettier-ignore
const UNREACHABLE_SQLSTATE = new Set(['57P01', '57P02', '57P03', '53300', '08001', '08004', '08006']);
const AUTH_SQLSTATE = new Set(['28P01', '28000']);
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_OSSL)/;
// Raised by pg itself, as plain errors without a code (node-postgres 8.23, pg-pool 3.14).
const UNREACHABLE_TEXT =
  /timeout exceeded when trying to connect|connection terminated|connection is closed|not queryable/i;
const TLS_TEXT = /does not support SSL|certificate/i;
// Replies of Redis (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/).
const REDIS_AUTH_TEXT = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH)/;
const REDIS_LOADING_TEXT = /^(LOADING|MASTERDOWN|CLUSTERDOWN)/;

/**
 * Says what kept a connection from being opened, by the structure of the driver's error.
 *
 * The driver's message is repeated only where it is the server's own sentence about a missing database; other
 * messages may hold user names or addresses of the network.
 */
export function translateConnectionFailure(
  error: unknown,
  endpoint: string,
  target: ErrorTarget,
): DatabaseError {
  const options: ConnectionErrorOptions = { cause: error, target };
  const { code, message } = describeFailure(error);
  if (code !== undefined && AUTH_SQLSTATE.has(code)) return new AuthenticationError(endpoint, options);
  if (REDIS_AUTH_TEXT.test(message)) return new AuthenticationError(endpoint, options);
  if (code === '3D000') {
    return new SchemaError(
      message,
      'Create it, or correct the database name in the connection URL.',
      options,
    );
  }
  if (code !== undefined && (UNREACHABLE.has(code) || UNREACHABLE_SQLSTATE.has(code))) {
    return new UnavailableError(endpoint, code, options);
  }
  if ((code !== undefined && TLS_CODE.test(code)) || TLS_TEXT.test(message)) {
    return new TlsError(endpoint, code ?? message, options);
  }
  if (UNREACHABLE_TEXT.test(message))
    return new UnavailableError(endpoint, 'no answer in time or cut off', options);
  if (REDIS_LOADING_TEXT.test(message))
    return new UnavailableError(endpoint, message.split(' ', 1)[0] ?? '', options);
  return new RejectedQueryError(`The connection to ${endpoint}`, code ?? 'no code', options);
}

interface Failure {
  readonly code: string | undefined;
  readonly message: string;
}

function describeFailure(error: unknown): Failure {
  if (typeof error !== 'object' || error === null) return { code: undefined, message: String(error) };
  // A host with several addresses fails with one error for each (Node's happy eyeballs).
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return describeFailure(error.errors[0]);
  }
  return {
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    message: 'message' in error && typeof error.message === 'string' ? error.message : '',
  };
}
