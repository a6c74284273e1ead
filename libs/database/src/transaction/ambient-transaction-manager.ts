import type { TransactionClient } from '../client/database-register.js';
import { traceCaller } from '../common/call-trace.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { outsideAttempt } from '../resilience/retry-scope.js';
import { refuseConflict } from './joining.js';
import { runNested } from './nested-transaction.js';
import type { AttemptSettings } from './transaction-attempt.js';
import type { TransactionContext } from './transaction-context.js';
import type { AfterCommit, AfterRollback } from './transaction-hooks.js';
import { TransactionManager } from './transaction-manager.js';
import { TransactionOwner, type Beginner } from './transaction-owner.js';
import { TransactionScope } from './transaction-scope.js';
import { TransactionForbiddenError, TransactionRequiredError } from './transaction.errors.js';
import {
  resolveTransactionOptions,
  type ResolvedTransactionOptions,
  type TransactionOptions,
} from './transaction.options.js';

const UNNAMED = 'the transaction';
/** Enough to find the caller in the frames of its own code. */
const TRACE_DEPTH = 8;

/** The manager of one connection, on the transaction its caller runs in. */
export class AmbientTransactionManager extends TransactionManager {
  readonly context: TransactionContext;
  private readonly owner: TransactionOwner;
  private readonly leakThresholdMs: number;

  constructor(
    settings: AttemptSettings,
    private readonly defaults: ResolvedTransactionOptions,
    private readonly clientOf: (scope: TransactionScope) => TransactionClient,
  ) {
    super();
    this.context = settings.context;
    this.leakThresholdMs = settings.leakThresholdMs;
    this.owner = new TransactionOwner(settings);
  }

  override run<Result>(work: () => Promise<Result>, options?: TransactionOptions): Promise<Result> {
    try {
      return this.runWith(work, options);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- thrown by the lines below, as an Error
      return Promise.reject(error);
    }
  }

  private runWith<Result>(work: () => Promise<Result>, options?: TransactionOptions): Promise<Result> {
    const resolved = this.resolve(options);
    const name = resolved.name ?? (work.name || UNNAMED);
    const { propagation } = resolved;
    if (propagation === 'REQUIRES_NEW') return this.beginBeside(name, resolved, work);
    if (propagation === 'NOT_SUPPORTED') return this.aside(() => this.context.leave(work));
    const outer = this.context.current();
    if (outer === undefined) {
      if (propagation === 'MANDATORY') throw new TransactionRequiredError(name);
      if (propagation === 'SUPPORTS' || propagation === 'NEVER') return settled(work);
      return this.owner.run(this.beginner(name, resolved), resolved, work);
    }
    if (propagation === 'NEVER') throw new TransactionForbiddenError(name, outer.transaction.name);
    refuseConflict(outer.options, options ?? {});
    if (propagation === 'NESTED') return runNested(this.context, outer, name, work);
    return this.join(outer, name, work);
  }

  override async executeTransaction<Result>(
    work: (client: TransactionClient) => Promise<Result>,
  ): Promise<Result> {
    return await this.transaction(work);
  }

  override async transaction<Result>(
    work: (client: TransactionClient) => Promise<Result>,
    limits: Pick<TransactionOptions, 'timeoutMs' | 'maxWaitMs' | 'isolationLevel'> = {},
  ): Promise<Result> {
    const name = work.name || UNNAMED;
    return await this.run(() => work(this.clientOf(this.required('transaction'))), { name, ...limits });
  }

  override isActive(): boolean {
    return this.context.isInside();
  }

  override get signal(): AbortSignal {
    return this.required('signal').transaction.signal;
  }

  override get attempt(): number {
    return this.required('attempt').transaction.attempt;
  }

  override setRollbackOnly(): void {
    const { part, name, owner } = this.required('setRollbackOnly');
    part.markForRollback({ by: name, cause: undefined, ownWish: owner });
  }

  override afterCommit(hook: AfterCommit): void {
    this.required('afterCommit').part.hooks.afterCommit(hook);
  }

  override afterRollback(hook: AfterRollback): void {
    this.required('afterRollback').part.hooks.afterRollback(hook);
  }

  override sideEffect(): void {
    this.required('sideEffect').transaction.noteSideEffect();
  }

  private beginBeside<Result>(
    name: string,
    options: ResolvedTransactionOptions,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const around = this.context.isInside() ? this.context.entered()?.transaction : undefined;
    const beginner = { ...this.beginner(name, options), around };
    return this.aside(() => this.context.leave(() => this.owner.run(beginner, options, work)));
  }

  /** What takes effect on its own can be repeated on its own. */
  private aside<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.context.isInside() ? outsideAttempt(work) : work();
  }

  /** One that ends before it could be reported as a leak needs no stack, which costs as much as a tenth of a statement. */
  private beginner(name: string, { timeoutMs }: ResolvedTransactionOptions): Beginner {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- named for its frame, and not called
    const { run: traced } = this;
    const isTraced = this.leakThresholdMs > 0 && timeoutMs > this.leakThresholdMs;
    return {
      name,
      trace: isTraced ? traceCaller(traced, TRACE_DEPTH) : undefined,
    };
  }

  private async join<Result>(
    { part }: TransactionScope,
    name: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await part.inner.join(() => this.context.run(new TransactionScope(part, name, false), work));
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

async function settled<Result>(work: () => Promise<Result>): Promise<Result> {
  return await work();
}
