import type { CallTrace } from '../common/call-trace.js';

/**
 * A statement of the library's own that is carried out at the end of a transaction, in the write that COMMIT is sent in.
 *
 * @internal
 */
export interface TailStatement {
  /** With `$1`, `$2`, …; PostgreSQL has to be able to tell their types from it. */
  readonly text: string;
  /** As PostgreSQL's texts; null is NULL. */
  readonly values?: readonly (string | null)[];
  /** Gets the first column of each row, as PostgreSQL's text; what it learns is void where COMMIT then fails. */
  readonly onValue?: (value: string | null) => void;
}

/**
 * A transaction of the server's, as the manager steers it. Nothing is sent before its first statement, which BEGIN, the
 * isolation level and the settings travel with.
 *
 * @internal
 */
export interface TransactionSession {
  /** Whether it has a connection: from the first statement until its end. */
  readonly begun: boolean;
  /** For how long it has had one, in milliseconds. */
  readonly heldMs: number;
  /** Statements sent so far, without those that only shape the transaction. */
  readonly statements: number;
  /** What the first statement failed with that was not taken back by a savepoint. */
  readonly failure: unknown;
  /** Whether PostgreSQL has refused a statement of it, also where a savepoint has taken that back. */
  readonly hasFailed: boolean;
  /** Whether COMMIT has failed because the server had forgotten what goes in front of it; another attempt tells it anew. */
  readonly wasForgotten: boolean;
  /** What the runner finds the transaction by when its COMMIT is in doubt, where that was asked for. */
  readonly transactionId: string | undefined;
  /**
   * Sends COMMIT after the statements that are under way, and `tail` in front of it, under its Sync: where one of these
   * fails, COMMIT is not carried out. They cost no round trip; a transaction that has sent nothing begins with them.
   *
   * @throws {@link UnexpectedRollbackError} when PostgreSQL has rolled the transaction back
   * @throws {@link CommitOutcomeUnknownError} when the answer was lost
   * @throws what a statement of `tail` has failed with; the transaction is rolled back then
   */
  commit(tail: readonly TailStatement[]): Promise<void>;
  /** Sends ROLLBACK after the statement that is under way; never rejects. */
  rollback(): Promise<void>;
  /**
   * Begins a savepoint with the next statement.
   *
   * @returns how to end it: keep what was done, or take it back
   */
  savepoint(): Promise<TransactionSavepoint>;
  /** Refuses every further statement with `reason` and cancels the one that runs; a silent connection is cut. */
  abort(reason: Error): void;
}

/**
 * An open savepoint.
 *
 * @internal
 */
export interface TransactionSavepoint {
  /** @throws what the database answered when the savepoint had failed */
  release(): Promise<void>;
  /** @throws when the connection is lost */
  rollback(): Promise<void>;
}

/**
 * How a session begins.
 *
 * @internal
 */
export interface TransactionSessionOptions {
  /** What it is called in errors. */
  readonly name: string;
  /** Who began it; undefined where nobody asks for long loans. */
  readonly trace: CallTrace | undefined;
  /** Undefined leaves it to the server's default. */
  readonly isolationLevel: string | undefined;
  readonly readOnly: boolean;
  /** Settings for this transaction alone. */
  readonly settings: Readonly<Record<string, string>>;
  /** What it is found by when its COMMIT is in doubt, read when it begins: its id, or the session that it runs in. */
  readonly findBy: 'id' | 'session' | undefined;
  /** How long its first statement may wait for a connection, in milliseconds. */
  readonly maxWaitMs: number;
}
