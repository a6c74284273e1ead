import { isInstance, readText } from '../common/safe-read.js';
import { ConstraintViolationError } from '../errors/constraint.errors.js';
import type { DatabaseError } from '../errors/database.error.js';
import type { ErrorCode } from '../errors/error-codes.js';
import { DataError } from '../errors/query.errors.js';
import { ValidationError } from '../errors/validation.error.js';

/**
 * A field of a request, and what is wrong with it.
 *
 * @public
 */
export interface FieldProblem {
  /** Where it stands in the request, such as `items.0.quantity`. */
  readonly path: string;
  /** Clauses that continue the path. */
  readonly problems: readonly string[];
}

/**
 * What a client may learn of a database error: no SQL, no names of tables, indexes or hosts, no content of rows.
 *
 * @public
 */
export interface DatabaseAnswer {
  /** The status of HTTP. */
  readonly status: number;
  /** Stable; a key of `ERROR_CODES`. */
  readonly code: ErrorCode;
  /** One sentence for people. */
  readonly message: string;
  /** The fields of a broken constraint, where they are known. */
  readonly fields?: readonly string[];
  /** With `VALIDATION`: which values are wrong. */
  readonly errors?: readonly FieldProblem[];
  /** In how many seconds the same request is worth a repetition; absent where it is not. */
  readonly retryAfterSeconds?: number;
}

const INTERNAL = [500, 'Something went wrong.'] as const;
const BUSY = 'The database is busy at the moment. Try again.';
const AWAY = 'The database cannot be used at the moment. Try again.';

/** What is not listed is a defect of the application, of which a client learns nothing. */
const ANSWERS: { readonly [Code in ErrorCode]?: readonly [status: number, message: string] } = {
  VALIDATION: [400, 'The request has values that cannot be used.'],
  NOT_NULL_VIOLATION: [400, 'A field that is required is empty.'],
  CHECK_VIOLATION: [400, 'The data break a rule.'],
  RECORD_NOT_FOUND: [404, 'There is no such record.'],
  SAGA_NOT_FOUND: [404, 'There is no such saga.'],
  SAGA_KEY_CONFLICT: [409, 'This key was used before, for something else.'],
  SAGA_STATE: [409, 'The saga is not in a state in which this can be done to it.'],
  UNIQUE_VIOLATION: [409, 'A value that has to be unique is in use already.'],
  STALE_VERSION: [409, 'The record was changed in the meantime. Read it again, then repeat the change.'],
  FOREIGN_KEY_VIOLATION: [409, 'A record that is referred to does not exist, or is still referred to.'],
  SERIALIZATION_FAILURE: [503, 'The same data were changed at the same time. Try again.'],
  DEADLOCK: [503, 'The same data were changed at the same time. Try again.'],
  LOCK_TIMEOUT: [503, BUSY],
  POOL_TIMEOUT: [503, BUSY],
  TRANSACTION_TIMEOUT: [503, BUSY],
  RESOURCE: [503, BUSY],
  OVERLOADED: [503, BUSY],
  QUERY_TIMEOUT: [504, 'The database did not answer in time.'],
  QUERY_CANCELLED: [503, 'The request was given up.'],
  UNAVAILABLE: [503, AWAY],
  CONNECTION_LOST: [503, AWAY],
  SHUTTING_DOWN: [503, AWAY],
  READ_ONLY: [503, 'Nothing can be written at the moment.'],
  AUTH: [503, 'The database cannot be used at the moment.'],
  TLS: [503, 'The database cannot be used at the moment.'],
  // No 503: that one invites clients and proxies to send it again.
  OUTCOME_UNKNOWN: [
    500,
    'The database went away before it answered. The request may have been carried out: look before you repeat it.',
  ],
};

/** Two transactions that met are soon out of each other's way; a server needs a moment longer. */
const SOON = new Set<ErrorCode>(['SERIALIZATION_FAILURE', 'DEADLOCK', 'LOCK_TIMEOUT']);

/**
 * The status and the client-safe words for an error, for filters of one's own; `translateError` makes a `DatabaseError`
 * of what Prisma throws.
 *
 * @public
 */
export function describeDatabaseError(error: DatabaseError): DatabaseAnswer {
  const { code } = error;
  const [status, message] = answerOf(error);
  const retryAfterSeconds = retryAfterOf(error, status);
  return {
    status,
    code,
    message,
    ...(isInstance(error, ConstraintViolationError) && error.fields.length > 0 && { fields: error.fields }),
    ...(isInstance(error, ValidationError) && status < 500 && { errors: byPath(error) }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

function answerOf(error: DatabaseError): readonly [status: number, message: string] {
  if (isInstance(error, DataError)) return [400, 'The request has a value that cannot be stored.'];
  if (isInstance(error, ValidationError)) {
    // Arguments that Prisma refuses were not checked before, which is not the client's affair.
    const isDefect = readText(error.driverError(), 'name') === 'PrismaClientValidationError';
    return isDefect ? INTERNAL : (ANSWERS[error.code] ?? ANSWERS.VALIDATION ?? INTERNAL);
  }
  return ANSWERS[error.code] ?? INTERNAL;
}

function retryAfterOf({ code, retryable, outcome }: DatabaseError, status: number): number | undefined {
  if (status < 500 || outcome === 'unknown') return undefined;
  // This process will not answer any more, but the next one will.
  if (!retryable && code !== 'SHUTTING_DOWN') return undefined;
  return SOON.has(code) ? 1 : 2;
}

function byPath({ problems }: ValidationError): readonly FieldProblem[] {
  const fields = new Map<string, string[]>();
  for (const { path, problem } of problems) fields.set(path, [...(fields.get(path) ?? []), problem]);
  return Array.from(fields, ([path, found]) => ({ path, problems: found }));
}
