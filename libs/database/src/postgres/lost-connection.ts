import { constants } from 'node:buffer';
import { ConnectionLostError } from '../errors/connection.errors.js';
import type { DatabaseError, ErrorTarget } from '../errors/database.error.js';
import { CommitOutcomeUnknownError, OutcomeUnknownError } from '../errors/outcome.errors.js';
import { QueryTimeoutError, RejectedQueryError } from '../errors/query.errors.js';
import type { TrackedQuery } from './tracked-query.js';

/** How a connection ended, as far as the process can know. */
export interface ConnectionLoss {
  readonly endpoint: string;
  readonly target: ErrorTarget;
  /** What broke it: the server's own error, the socket's, or that it ended without a word. */
  readonly cause: unknown;
  /** Set when it was cut here, because the server had been silent for this long. */
  readonly silentMs: number | undefined;
}

const TOO_LONG = 'ERR_STRING_TOO_LONG';
// A session that is ended by the server says so with one of these; the answer of the statement never comes. 08P01 is not
// among them: PostgreSQL says it of a statement with too few values, and keeps the session unless it adds FATAL.
const SESSION_ENDED = /^(?:57P0[1-5]|25P03|25P04|08(?!P01).{3})$/;

/** Whether a server's reply means that its session is over, other than an ordinary refusal of one statement. */
export function endsSession(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { severity, code } = error as { severity?: unknown; code?: unknown };
  if (severity === 'FATAL' || severity === 'PANIC') return true;
  return typeof code === 'string' && SESSION_ENDED.test(code);
}

/**
 * Says what is known about a query whose connection was lost.
 *
 * Nothing was applied when it was not sent, when it only read, and inside a transaction whose COMMIT was not under way:
 * the server rolls back what was open. After that, and of a text that may have committed by itself, only the data can tell.
 */
export function explainLoss(query: TrackedQuery, loss: ConnectionLoss): DatabaseError {
  const { endpoint, target, cause, silentMs } = loss;
  const reason = silentMs === undefined ? reasonOf(cause) : `no answer within ${silentMs} ms`;
  const options = { target, cause };
  const { sent, kind } = query;
  if (sent === undefined) return new ConnectionLostError(endpoint, reason, options);
  if (kind === 'commit' && sent.inTransaction) return new CommitOutcomeUnknownError(reason, options);
  const applied = kind === 'unclear' || (kind === 'write' && !sent.inTransaction);
  if (silentMs !== undefined) {
    return new QueryTimeoutError(operationOf(query), silentMs, {
      ...options,
      outcome: applied ? 'unknown' : 'not-applied',
      retryable: kind === 'read' && !sent.inTransaction,
    });
  }
  if (applied) return new OutcomeUnknownError(operationOf(query), reason, options);
  // The driver gives up on the connection, but a repetition would receive the same value, and as many megabytes again.
  if (reason === TOO_LONG) {
    const problem = `a value of the result is longer than the ${constants.MAX_STRING_LENGTH} characters of a string, ${reason}; read it in parts`;
    return new RejectedQueryError(operationOf(query), problem, options);
  }
  return new ConnectionLostError(endpoint, reason, options);
}

/** The statement's first word: enough to say what was asked, and without any value. */
function operationOf({ text }: TrackedQuery): string {
  return /[a-z]+/i.exec(text ?? '')?.[0].toUpperCase() ?? 'A statement';
}

function reasonOf(cause: unknown): string {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return 'closed without a word';
}
