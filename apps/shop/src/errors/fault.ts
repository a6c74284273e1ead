import { classifyFault as classify, type ErrorCode } from 'nestjs-database';

/** What a failure of the database means to the client of the API. */
export type Fault = 'duplicate' | 'still-referenced' | 'unavailable' | 'uncertain' | 'unknown';

/**
 * A refused password or a broken schema is an outage to the client too, but one that waiting does not cure: those stay
 * unknown, and the log has them.
 */
const FAULTS: Partial<Record<ErrorCode, Fault>> = {
  UNIQUE_VIOLATION: 'duplicate',
  FOREIGN_KEY_VIOLATION: 'still-referenced',
  OUTCOME_UNKNOWN: 'uncertain',
  UNAVAILABLE: 'unavailable',
  POOL_TIMEOUT: 'unavailable',
  CONNECTION_LOST: 'unavailable',
  SHUTTING_DOWN: 'unavailable',
  QUERY_TIMEOUT: 'unavailable',
  LOCK_TIMEOUT: 'unavailable',
  SERIALIZATION_FAILURE: 'unavailable',
  DEADLOCK: 'unavailable',
  TRANSACTION_TIMEOUT: 'unavailable',
  RESOURCE: 'unavailable',
  READ_ONLY: 'unavailable',
};

/** Errors of the library, and what calls of Prisma's own delegates throw. */
export function classifyFault(error: unknown): Fault {
  const { code, outcome } = classify(error);
  // An operation that ran out of time may have been carried out all the same.
  if (code === 'QUERY_TIMEOUT' && outcome === 'unknown') return 'uncertain';
  return FAULTS[code] ?? 'unknown';
}
