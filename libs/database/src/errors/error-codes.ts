/**
 * Every code a {@link DatabaseError} can carry, with its meaning in one line.
 *
 * @public
 */
export const ERROR_CODES = {
  INVALID_OPTIONS:
    'The module was given options or environment variables it cannot use; nothing was started.',
  VALIDATION: 'A call was given a value it cannot use; nothing was sent.',
  NOT_CONFIGURED: 'A service was injected whose part is switched off in the options.',
  UNAVAILABLE: 'The server could not be reached or does not accept connections yet.',
  POOL_TIMEOUT: 'No pooled connection became free in time.',
  AUTH: 'The server refused the user name or the password.',
  TLS: 'The encrypted connection could not be set up or the certificate was not accepted.',
  SCHEMA: 'A database, schema, table or column the operation needs does not exist.',
  QUERY: 'The server rejected the operation for a reason that has no code of its own.',
  QUERY_TIMEOUT: 'The operation did not finish within its time limit.',
  RECORD_NOT_FOUND: 'The record that was asked for does not exist.',
  TRANSACTION_OPTIONS_CONFLICT:
    'A call joins a running transaction but asks for options that one does not have.',
  TRANSACTION_SCOPE_CLOSED: 'Work reached the database after its transaction had ended.',
  UNEXPECTED_ROLLBACK:
    'The transaction was rolled back because a part of it had failed, although the outer call went well.',
  MIGRATION_FAILED: 'A migration could not be applied; later ones were not tried.',
  MIGRATION_LOCK_TIMEOUT: 'Another instance held the migration lock for too long.',
  MIGRATION_SETUP:
    'The migrations cannot be run: the directory or the schema engine is missing or not usable.',
  EMBEDDED_UNSUPPORTED: 'There is no embedded server for this platform.',
  EMBEDDED_DATA_DIRECTORY: 'The data directory of the embedded server cannot be used.',
  EMBEDDED_START_FAILED: 'The embedded server did not start.',
} as const;

/**
 * A key of {@link ERROR_CODES}.
 *
 * @public
 */
export type ErrorCode = keyof typeof ERROR_CODES;
