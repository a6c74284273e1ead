import type { ConstraintViolation } from '../errors/constraint.errors.js';
import type { ErrorOutcome, ErrorTarget } from '../errors/database.error.js';
import type { ErrorCode } from '../errors/error-codes.js';
import type { FaultSource } from './evidence.js';

/**
 * What the caller knows about a failed operation. The more it says, the more certain the outcome is: without it, a
 * connection that broke leaves open whether a write took effect.
 *
 * @public
 */
export interface FaultContext {
  /** The store; only used to describe it. */
  readonly target?: ErrorTarget;
  /** What was asked, such as `user.create`; never SQL with values. */
  readonly operation?: string;
  /** Host and port, without user or password. */
  readonly endpoint?: string;
  /** How far it had come: opening the connection, beginning the transaction, a statement, COMMIT. */
  readonly phase?: 'connect' | 'begin' | 'execute' | 'commit';
  /** Whether the statement ran inside a transaction, which a lost connection rolls back as a whole. */
  readonly inTransaction?: boolean;
  /** Whether the operation can have changed anything. */
  readonly access?: 'read' | 'write';
  /** How long the operation had run, in milliseconds. */
  readonly elapsedMs?: number;
  /**
   * The fields of a broken constraint, where the caller knows the table better than its error does; undefined leaves what
   * the error says.
   */
  readonly fieldsOf?: (violation: ConstraintViolation) => readonly string[] | undefined;
}

/**
 * What a failure means, by the structure of the error.
 *
 * @public
 */
export interface Fault {
  /** The code that {@link translateError} gives the error; `QUERY` for everything that is not recognised. */
  readonly code: ErrorCode;
  /** Whether a repetition may succeed and does no harm; false for everything that is not recognised. */
  readonly retryable: boolean;
  /** What is known about the operation's effect. */
  readonly outcome: ErrorOutcome;
  /** Who raised it. `network` may be anybody's socket, `unknown` any code of the application. */
  readonly source: FaultSource;
  /** The shortest name of what happened: SQLSTATE, Prisma's or Node's code, the first word of a reply. */
  readonly reason: string;
  /** PostgreSQL's five characters. */
  readonly sqlState?: string;
  /** The fields or columns of a broken constraint, as far as they are known. */
  readonly fields?: readonly string[];
  /** The name of a broken constraint or index. */
  readonly constraint?: string;
  /** The model's name in the schema. */
  readonly model?: string;
  /** The table's name in the database. */
  readonly table?: string;
}
