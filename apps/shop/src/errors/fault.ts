import { AuthenticationError, ConnectionError, DatabaseError, TlsError } from 'nestjs-database';

/** What a failure means to the client of the API. */
export type Fault = 'duplicate' | 'still-referenced' | 'unavailable' | 'unknown';

/** Prisma's codes (https://www.prisma.io/docs/orm/reference/error-reference). */
const UNIQUE_VIOLATION = 'P2002';
const FOREIGN_KEY_VIOLATION = 'P2003';
/** Unreachable, timed out, closed by the server; no connection or transaction in time; deadlock or write conflict. */
const UNAVAILABLE = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2034', 'P2037']);
const TRANSACTION_API = 'P2028';
/** SQLSTATE: shutting down, starting up, out of connections, and the class of connection exceptions. */
const UNAVAILABLE_SQLSTATE = /^(57P0[123]|53300|08...)$/;
const UNAVAILABLE_SYSTEM = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ETIMEDOUT', 'EPIPE',
]); // prettier-ignore
/** Said by pg, pg-pool and Prisma without a code of their own. */
const UNAVAILABLE_TEXT =
  /connection terminated|timeout exceeded when trying to connect|not queryable|unable to start a transaction|expired transaction/i;
const MAX_DEPTH = 5;

/**
 * Classifies what a call of the database threw. Prisma's errors are told by their codes, not by their classes, which
 * differ from one generated client to the next.
 */
export function classifyFault(error: unknown): Fault {
  for (let current = error, depth = 0; depth < MAX_DEPTH; depth += 1) {
    if (typeof current !== 'object' || current === null) return 'unknown';
    const fault = classifyOne(current);
    if (fault !== 'unknown') return fault;
    current = 'cause' in current ? current.cause : undefined;
  }
  return 'unknown';
}

function classifyOne(error: object): Fault {
  if (error instanceof DatabaseError) return classifyDatabaseError(error);
  const code = textOf(error, 'code');
  if (code === UNIQUE_VIOLATION) return 'duplicate';
  if (code === FOREIGN_KEY_VIOLATION) return 'still-referenced';
  if (UNAVAILABLE.has(code) || UNAVAILABLE_SYSTEM.has(code)) return 'unavailable';
  // Driver adapters put the server's own code under `originalCode`.
  if (UNAVAILABLE_SQLSTATE.test(textOf(error, 'originalCode') || code)) return 'unavailable';
  // P2028 stands for a transaction that got no connection or no time, and for misuse of one, which is a defect.
  if (code === '' || code === TRANSACTION_API) {
    if (UNAVAILABLE_TEXT.test(textOf(error, 'message'))) return 'unavailable';
  }
  return 'unknown';
}

/** A refused password or certificate is an outage to the client too, but one that waiting does not cure. */
function classifyDatabaseError(error: DatabaseError): Fault {
  if (error instanceof AuthenticationError || error instanceof TlsError) return 'unknown';
  return error instanceof ConnectionError ? 'unavailable' : 'unknown';
}

function textOf(error: object, property: string): string {
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : '';
}
