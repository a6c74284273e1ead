import {
  DatabaseError,
  describeTarget,
  type DatabaseErrorOptions,
  type ErrorTarget,
} from './database.error.js';

/**
 * A connection could not be had, or broke before the operation could take effect.
 *
 * @public
 */
export abstract class ConnectionError extends DatabaseError {}

/**
 * What a connection error is about, and its cause.
 *
 * @public
 */
export interface ConnectionErrorOptions extends DatabaseErrorOptions {
  readonly target: ErrorTarget;
}

/**
 * The server could not be reached, or it is starting up or shutting down.
 *
 * @public
 */
export class UnavailableError extends ConnectionError {
  override readonly name = 'UnavailableError';
  readonly code = 'UNAVAILABLE';
  readonly retryable = true;

  constructor(
    /** Host and port, without user or password; undefined where the driver does not say. */
    readonly endpoint: string | undefined,
    /** The driver's short reason, such as `ECONNREFUSED`. */
    readonly reason: string,
    options: ConnectionErrorOptions,
  ) {
    super(
      `${describeTarget(options.target)} is not reachable${at(endpoint)} (${reason}). ` +
        'Check that the server runs, accepts connections and that host and port are right.',
      options,
    );
  }
}

/**
 * The server refused the credentials; repeating the call with the same ones cannot help.
 *
 * @public
 */
export class AuthenticationError extends ConnectionError {
  override readonly name = 'AuthenticationError';
  readonly code = 'AUTH';
  readonly retryable = false;

  constructor(
    /** Host and port, without user or password; undefined where the driver does not say. */
    readonly endpoint: string | undefined,
    options: ConnectionErrorOptions,
    /** What is wrong, without a full stop. */
    problem = 'The server refused the user name or the password',
  ) {
    super(
      `Nobody could be authenticated at ${describeTarget(options.target)}${at(endpoint)}. ${problem}. ` +
        'Correct the connection URL or the option `password`.',
      options,
    );
  }
}

const DEFAULT_TLS_ADVICE =
  'Check that the server offers TLS. To trust its certificate, give the authority that signed it (`sslrootcert` of the URL, ' +
  'or the option `tls.ca`); `sslmode=no-verify` goes without the check.';
/** What to do where the certificate itself says what is wrong: another authority to trust would not help. */
const TLS_ADVICE: Readonly<Partial<Record<string, string>>> = {
  CERT_HAS_EXPIRED:
    'A certificate of the server, or of the authority that signed it, has expired. Renew it; if it is valid, set the clock of this machine right.',
  CERT_NOT_YET_VALID:
    'A certificate of the server, or of the authority that signed it, is not valid yet. Set the clock of this machine and of the one that issued it right, or wait until it is valid.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of the server is for another host. Connect by a name that it lists, or issue it for this one.',
};

/**
 * The encrypted connection failed, most often because the certificate could not be verified.
 *
 * @public
 */
export class TlsError extends ConnectionError {
  override readonly name = 'TlsError';
  readonly code = 'TLS';
  readonly retryable = false;

  constructor(
    /** Host and port, without user or password; undefined where the driver does not say. */
    readonly endpoint: string | undefined,
    /** The driver's short reason, such as `SELF_SIGNED_CERT_IN_CHAIN`. */
    readonly reason: string,
    options: ConnectionErrorOptions,
  ) {
    super(
      `The encrypted connection to ${describeTarget(options.target)}${at(endpoint)} failed (${reason}). ` +
        (TLS_ADVICE[reason] ?? DEFAULT_TLS_ADVICE),
      options,
    );
  }
}

/**
 * Every connection of the pool stayed busy for the whole wait.
 *
 * @public
 */
export class PoolTimeoutError extends ConnectionError {
  override readonly name = 'PoolTimeoutError';
  readonly code = 'POOL_TIMEOUT';
  readonly retryable = true;

  constructor(
    /** How long the caller waited, in milliseconds, where it is known. */
    readonly waitedMs: number | undefined,
    /** The pool at the moment the wait ended; undefined where it is not the library's. */
    readonly pool: PoolUsage | undefined,
    options: ConnectionErrorOptions,
  ) {
    super(
      `No connection became free ${waitedMs === undefined ? 'in time' : `within ${waitedMs} ms`}${figuresOf(pool)}. ` +
        'If active stays at max, look for transactions that wait on something other than the database before raising `pool.max`.',
      options,
    );
  }
}

/**
 * The connection broke at a moment at which the operation cannot have taken effect: before it was sent, while it only
 * read, or inside a transaction whose COMMIT had not been sent. A transaction has to be repeated as a whole.
 *
 * @public
 */
export class ConnectionLostError extends ConnectionError {
  override readonly name = 'ConnectionLostError';
  readonly code = 'CONNECTION_LOST';
  readonly retryable = true;

  constructor(
    /** Host and port, without user or password; undefined where the driver does not say. */
    readonly endpoint: string | undefined,
    /** The driver's short reason, such as `ECONNRESET`, or the server's SQLSTATE, such as `57P01`. */
    readonly reason: string,
    options: ConnectionErrorOptions,
  ) {
    super(
      `The connection to ${describeTarget(options.target)}${at(endpoint)} was lost (${reason}) before the operation could take ` +
        'effect. Repeat it; a transaction as a whole. If it happens often, read the log of the server and check idle timeouts on the way.',
      options,
    );
  }
}

/**
 * The connection has been closed by the application, or is closing; nothing was sent.
 *
 * @public
 */
export class ShuttingDownError extends ConnectionError {
  override readonly name = 'ShuttingDownError';
  readonly code = 'SHUTTING_DOWN';
  /** This process will not open the connection again. */
  readonly retryable = false;

  constructor(options: ConnectionErrorOptions) {
    super(
      `The connection to ${describeTarget(options.target)} is closed because the application is shutting down, so nothing was sent. ` +
        'Await everything that uses the database before the application closes.',
      options,
    );
  }
}

/**
 * The pool's connections at one moment.
 *
 * @public
 */
export interface PoolUsage {
  /** All connections: those that are lent out, free or being opened. */
  readonly total: number;
  /** Connections that are lent out. */
  readonly active: number;
  /** Connections that are being opened. */
  readonly connecting: number;
  /** Connections that are free. */
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  /** The most connections the pool may open. */
  readonly max: number;
  /** How long the connection that was lent out first has been held, in milliseconds; absent while none is lent out. */
  readonly oldestHoldMs?: number;
}

function at(endpoint: string | undefined): string {
  return endpoint === undefined ? '' : ` at ${endpoint}`;
}

function figuresOf(pool: PoolUsage | undefined): string {
  if (pool === undefined) return '';
  const { total, active, connecting, idle, waiting, max, oldestHoldMs } = pool;
  const longest = oldestHoldMs === undefined ? '' : `, longest held for ${oldestHoldMs} ms`;
  return ` (total=${total}, active=${active}, connecting=${connecting}, idle=${idle}, waiting=${waiting}, max=${max}${longest})`;
}
