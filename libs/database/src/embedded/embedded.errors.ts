import { DatabaseError, type DatabaseErrorOptions } from '../errors/database.error.js';

/**
 * There is no embedded server that runs on this machine.
 *
 * @public
 */
export class EmbeddedUnsupportedError extends DatabaseError {
  override readonly name = 'EmbeddedUnsupportedError';
  readonly code = 'EMBEDDED_UNSUPPORTED';
  readonly retryable = false;

  constructor(
    /** Operating system and processor, such as `linux-x64`. */
    readonly platform: string,
    /** What is missing, without a full stop. */
    readonly reason: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `The embedded PostgreSQL cannot run on ${platform}: ${reason}. ` +
        'Set `DATABASE_URL` to a PostgreSQL server of your own; the embedded one is then not needed.',
      options,
    );
  }
}

/**
 * The directory that should hold an embedded server's data cannot be used as it is; nothing in it was changed.
 *
 * @public
 */
export class EmbeddedDataDirectoryError extends DatabaseError {
  override readonly name = 'EmbeddedDataDirectoryError';
  readonly code = 'EMBEDDED_DATA_DIRECTORY';
  readonly retryable = false;

  constructor(
    /** What is in the way. */
    readonly path: string,
    /** Why it cannot be used, without a full stop. */
    readonly reason: string,
    /** What to do, without a full stop. */
    readonly remedy: string,
    options?: DatabaseErrorOptions,
  ) {
    super(`The embedded server cannot use \`${path}\`: ${reason}; ${remedy}.`, options);
  }
}

/**
 * An embedded server was launched and did not come up.
 *
 * @public
 */
export class EmbeddedStartError extends DatabaseError {
  override readonly name = 'EmbeddedStartError';
  readonly code = 'EMBEDDED_START_FAILED';
  readonly retryable = false;

  /** @param remedy - a full sentence */
  constructor(
    /** `PostgreSQL` or `Redis`. */
    readonly product: string,
    /** What was seen, without a full stop. */
    readonly reason: string,
    remedy: string,
    /** The last lines the server wrote; empty when it wrote none. */
    readonly serverLog: readonly string[] = [],
    options?: DatabaseErrorOptions,
  ) {
    const log =
      serverLog.length === 0 ? '' : `\nIts last words:\n${serverLog.map((line) => `  ${line}`).join('\n')}`;
    super(`The embedded ${product} did not start: ${reason}. ${remedy}${log}`, options);
  }
}
