/**
 * Every code a {@link DatabaseError} can carry, with its meaning in one line.
 *
 * @public
 */
export const ERROR_CODES = {
  INVALID_OPTIONS: 'The module or a call was given options it cannot use; nothing was started.',
  VALIDATION: 'A call was given a value it cannot use; nothing was sent.',
  INVALID_CURSOR: 'The cursor of a page was changed, or belongs to other pages; nothing was sent.',
  NOT_CONFIGURED: 'A service was injected whose part is switched off in the options.',
  UNAVAILABLE: 'The server could not be reached or does not accept connections yet.',
  POOL_TIMEOUT: 'No pooled connection became free in time.',
  CONNECTION_LOST: 'The connection broke while the operation could not have taken effect.',
  OVERLOADED: 'Too much work of this kind waits already; nothing was sent.',
  SHUTTING_DOWN: 'The connection has been closed, or is closing; nothing was sent.',
  AUTH: 'The server refused the user name or the password.',
  TLS: 'The encrypted connection could not be set up or the certificate was not accepted.',
  SCHEMA: 'A database, schema, table or column the operation needs does not exist.',
  QUERY: 'The server rejected the operation for a reason that has no code of its own.',
  QUERY_TIMEOUT: 'The operation did not finish within its time limit.',
  QUERY_CANCELLED: 'The caller has given the operation up; it changed nothing.',
  OUTCOME_UNKNOWN:
    'The connection broke after a write or a commit had been sent; only the data can tell whether it took effect.',
  LOCK_TIMEOUT: 'A lock that another session holds was not released in time.',
  SERIALIZATION_FAILURE: 'A concurrent transaction changed the same data; this one was rolled back.',
  DEADLOCK: 'Two transactions waited for each other; the server rolled this one back.',
  READ_ONLY: 'The server does not accept writes: it is a replica, or set to read-only.',
  RESOURCE: 'The server has run out of disk, memory or connections.',
  UNIQUE_VIOLATION: 'A value that has to be unique is in use already.',
  FOREIGN_KEY_VIOLATION: 'A record that is referred to does not exist, or is still referred to.',
  NOT_NULL_VIOLATION: 'A required field was left empty.',
  CHECK_VIOLATION: 'A value breaks a check of the database.',
  RECORD_NOT_FOUND: 'The record that was asked for does not exist.',
  STALE_VERSION: 'The record has been changed since it was read; nothing was written.',
  NOT_SERIALIZABLE: 'A value that was to be answered has no form in JSON.',
  TRANSACTION_TIMEOUT:
    'The transaction could not begin in time, or ran longer than it may; it was rolled back.',
  TRANSACTION_OPTIONS_CONFLICT:
    'A call joins a running transaction but asks for options that one does not have.',
  TRANSACTION_SCOPE_CLOSED: 'Work reached the database after its transaction had ended.',
  UNEXPECTED_ROLLBACK:
    'The transaction was rolled back because a part of it had failed, although the outer call went well.',
  TRANSACTION_REQUIRED: 'A call that has to be made inside a transaction was made outside of any.',
  TRANSACTION_FORBIDDEN: 'A call that must not be made inside a transaction was made in one.',
  TRANSACTION_DEPTH: 'Nested transactions lie too deep inside of each other.',
  TRANSACTION_CONTROL: 'A statement would have begun or ended a transaction of the library; it was not sent.',
  TRANSACTION_STARVATION:
    'Every connection is held by a transaction that waits for a further one; nothing was sent.',
  SAGA_FAILED: 'A saga has not come to its end; what it had done was taken back, or waits for somebody.',
  SAGA_STEP_TIMEOUT: 'A step of a saga did not end in time; of a call nobody knows whether it came through.',
  OUTBOX_TIMEOUT: 'A sink of the outbox did not deliver a message in time; it is repeated.',
  LIBRARY_SCHEMA:
    'The tables of the library itself are not what this release needs, and it cannot make them so.',
  SAGA_STOPPED: 'A saga was cancelled, or has missed its deadline.',
  SAGA_OUTPUT: 'A step of a saga, or a saga, has returned what JSON has no form for.',
  SAGA_KEY_CONFLICT: 'A saga with this key was started with another input.',
  SAGA_NOT_FOUND: 'There is no saga with this name and key.',
  SAGA_STATE: 'The saga is not in a state in which this can be done to it.',
  SAGA_DEFINITION_CHANGED: 'A saga has other steps than the same version of it had before.',
  SAGA_RECOVERY_LIMIT: 'A saga was taken over too often without coming to an end.',
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
