import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { outsideAttempt } from '../resilience/retry-scope.js';
import { refuseConflict } from './joining.js';
import { runNested } from './nested-transaction.js';
import type { AttemptSettings } from './transaction-attempt.js';
import type { TransactionContext } from './transaction-context.js';
import type { AfterCommit, AfterRollback } from './transaction-hooks.js';
import { TransactionOwner } from './transaction-owner.js';
import { TransactionScope } from './transaction-scope.js';
import { TransactionForbiddenError, TransactionRequiredError } from './transaction.errors.js';
import {
  resolveTransactionOptions,
  type ResolvedTransactionOptions,
  type TransactionOptions,
} from './transaction.options.js';

const UNNAMED = 'the transaction';

/**
 * Runs work in a transaction that repositories, `PrismaService` and `Database` join by themselves.
 *
 * @public
 */
export class TransactionManager {
  private readonly context: TransactionContext;
  private readonly owner: TransactionOwner;

  /** @internal */
  constructor(
    settings: AttemptSettings,
    private readonly defaults: ResolvedTransactionOptions,
  ) {
    this.context = settings.context;
    this.owner = new TransactionOwner(settings);
  }

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
  async run<Result>(work: () => Promise<Result>, options?: TransactionOptions): Promise<Result> {
    const resolved = this.resolve(options);
    const name = resolved.name ?? (work.name || UNNAMED);
    const { propagation } = resolved;
    if (propagation === 'REQUIRES_NEW') return await this.beginBeside(name, resolved, work);
    if (propagation === 'NOT_SUPPORTED') return await this.context.leave(work);
    const outer = this.context.current();
    if (outer === undefined) {
      if (propagation === 'MANDATORY') throw new TransactionRequiredError(name);
      if (propagation === 'SUPPORTS' || propagation === 'NEVER') return await work();
      return await this.owner.run(name, resolved, work);
    }
    if (propagation === 'NEVER') throw new TransactionForbiddenError(name, outer.transaction.name);
    refuseConflict(outer.options, options ?? {});
    if (propagation === 'NESTED') return await runNested(this.context, outer, name, work);
    return await this.join(outer, name, work);
  }

  /**
   * {@link TransactionManager.run} without options, for whoever only wants all or nothing.
   *
   * @throws what `run` throws
   */
  async executeTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
    return await this.run(work);
  }

  /**
   * {@link TransactionManager.run} with limits, in the order that Prisma's `$transaction` has.
   *
   * @throws what `run` throws
   */
  async transaction<Result>(
    work: () => Promise<Result>,
    limits: Pick<TransactionOptions, 'timeoutMs' | 'maxWaitMs' | 'isolationLevel'> = {},
  ): Promise<Result> {
    return await this.run(work, limits);
  }

  /**
   * Whether the caller runs in a transaction.
   *
   * @throws {@link TransactionScopeClosedError} when that transaction has ended
   */
  isActive(): boolean {
    return this.context.current() !== undefined;
  }

  /**
   * Aborted when the time of the caller's transaction is up: for work that waits for something else than the database.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  get signal(): AbortSignal {
    return this.required('signal').transaction.signal;
  }

  /**
   * Which attempt at the caller's transaction this is, counted from 1.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  get attempt(): number {
    return this.required('attempt').transaction.attempt;
  }

  /**
   * Rolls back instead of committing when the caller's part of the transaction ends, which then resolves with its result
   * all the same. Asked for by a call that has joined, it is a surprise to the outer one, which fails.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  setRollbackOnly(): void {
    const { part, name, owner } = this.required('setRollbackOnly');
    part.markForRollback({ by: name, cause: undefined, ownWish: owner });
  }

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
  afterCommit(hook: AfterCommit): void {
    this.required('afterCommit').part.hooks.afterCommit(hook);
  }

  /**
   * Calls `hook` with the cause once the transaction, or the `NESTED` part that asked for it, is rolled back and the whole
   * has ended; after each attempt that is repeated, too. Nothing is called when the outcome is unknown.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  afterRollback(hook: AfterRollback): void {
    this.required('afterRollback').part.hooks.afterRollback(hook);
  }

  /**
   * Says that the work is about to do something that no rollback takes back, such as a payment: from here on the
   * transaction is not repeated.
   *
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   */
  sideEffect(): void {
    this.required('sideEffect').transaction.hasSideEffect = true;
  }

  private async beginBeside<Result>(
    name: string,
    options: ResolvedTransactionOptions,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const begin = () => this.context.leave(() => this.owner.run(name, options, work));
    // It is committed on its own, so that it can be repeated on its own.
    return await (this.context.isInside() ? outsideAttempt(begin) : begin());
  }

  private async join<Result>(
    { part }: TransactionScope,
    name: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.context.run(new TransactionScope(part, name, false), work);
    } catch (cause) {
      part.markForRollback({ by: name, cause, ownWish: false });
      throw cause;
    }
  }

  private required(operation: string): TransactionScope {
    const scope = this.context.current();
    if (scope === undefined) throw new TransactionRequiredError(`transactions.${operation}`);
    return scope;
  }

  private resolve(options: TransactionOptions | undefined): ResolvedTransactionOptions {
    if (options === undefined) return this.defaults;
    const validator = new OptionValidator();
    const resolved = resolveTransactionOptions(options, validator, this.defaults);
    if (validator.violations.length > 0)
      throw new InvalidOptionsError('TransactionManager.run', validator.violations);
    return resolved;
  }
}
