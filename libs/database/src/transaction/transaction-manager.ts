import type { TransactionClient } from '../client/database-register.js';
import type { AfterCommit, AfterRollback } from './transaction-hooks.js';
import type { TransactionOptions } from './transaction.options.js';

/**
 * Runs work in a transaction that repositories, `PrismaService` and `Database` join by themselves.
 *
 * @public
 */
export abstract class TransactionManager {
  /**
   * Runs `work` in a transaction and resolves with its result once the commit is done.
   *
   * Inside `work`, every repository, `PrismaService` and `Database` use the transaction's connection; nothing has to be
   * passed down. A call inside another `run` joins that transaction, unless its `propagation` says otherwise: it commits
   * with the outermost call, and a failure of a joined call forbids the commit even where the caller catches it. Whatever
   * `work` starts must be awaited before it returns; a query that comes later is refused, never run outside.
   *
   * The connection is borrowed for the first statement, which BEGIN travels with: a transaction without one costs nothing.
   * When PostgreSQL rolls the transaction back for the sake of another one, `work` is run again from its beginning, up to
   * `retry.attempts` times: what it does besides the database is done again too, unless it says `sideEffect()`.
   *
   * A joining call may repeat the options of the running transaction, but not ask for others. Its `maxWaitMs`, `retry` and
   * `verify` are always kept, as they concern the call that begins.
   *
   * @throws {@link TransactionOptionsConflictError} when a joining call asks for options the transaction does not have
   * @throws {@link UnexpectedRollbackError} when a joined call or a statement had failed and that was caught
   * @throws {@link TransactionScopeClosedError} when called on behalf of a transaction that has ended
   * @throws {@link CommitOutcomeUnknownError} when the connection broke during COMMIT: all of it is there, or nothing
   * @throws {@link TransactionTimeoutError} when it got no connection in time, or took too long
   * @throws {@link TransactionRequiredError} with `MANDATORY`, outside of any transaction
   * @throws {@link TransactionForbiddenError} with `NEVER`, inside of one
   * @throws {@link TransactionStarvationError} when all connections are held by transactions that wait for one more
   * @throws {@link InvalidOptionsError} when the options are wrong; nothing was started
   * @throws what `work` throws, with the library's class in the place of an error of Prisma or the server
   */
  abstract run<Result>(work: () => Promise<Result>, options?: TransactionOptions): Promise<Result>;

  /**
   * {@link TransactionManager.run} without options, for work that is handed a client. The client speaks inside of the
   * transaction wherever it is used, in a listener for instance that was registered outside, and is refused after its end.
   *
   * @throws what `run` throws
   */
  abstract executeTransaction<Result>(work: (client: TransactionClient) => Promise<Result>): Promise<Result>;

  /**
   * {@link TransactionManager.executeTransaction} with limits, as Prisma's own `$transaction` takes them.
   *
   * @throws what `run` throws
   */
  abstract transaction<Result>(
    work: (client: TransactionClient) => Promise<Result>,
    limits?: Pick<TransactionOptions, 'timeoutMs' | 'maxWaitMs' | 'isolationLevel'>,
  ): Promise<Result>;

  /**
   * Whether the caller runs in a transaction.
   *
   * @throws {@link TransactionScopeClosedError} when that transaction has ended
   */
  abstract isActive(): boolean;

  /**
   * Aborted when the time of the caller's transaction is up: for work that waits for something else than the database.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  abstract get signal(): AbortSignal;

  /**
   * Which attempt at the caller's transaction this is, counted from 1.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  abstract get attempt(): number;

  /**
   * Rolls back instead of committing when the caller's part of the transaction ends, which then resolves with its result
   * all the same. Asked for by a call that has joined, it is a surprise to the outer one, which fails.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  abstract setRollbackOnly(): void;

  /**
   * Calls `hook` once the transaction is committed, outside of it, before `run` resolves; hooks are called one after the
   * other, in order. Nothing is called when the transaction, or the `NESTED` part that asked for it, is rolled back.
   *
   * What a hook throws is logged and changes nothing. Hooks are lost with the process: what must not be lost is written in
   * the transaction.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  abstract afterCommit(hook: AfterCommit): void;

  /**
   * Calls `hook` with the cause once the transaction, or the `NESTED` part that asked for it, is rolled back and the whole
   * has ended; after each attempt that is repeated, too. Nothing is called when the outcome is unknown.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  abstract afterRollback(hook: AfterRollback): void;

  /**
   * Says that the work is about to do something that no rollback takes back, such as a payment: from here on the
   * transaction is not repeated.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  abstract sideEffect(): void;
}
