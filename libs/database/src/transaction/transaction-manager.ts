import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { refuseConflict } from './joining.js';
import { thrownBy } from '../fault/diagnosis.js';
import { translateError } from '../fault/translate-error.js';
import { asOneAttempt } from '../resilience/retry-scope.js';
import type { TransactionContext, TransactionScope } from './transaction-context.js';
import type { TransactionRunner } from './transaction-runner.port.js';
import { UnexpectedRollbackError } from './transaction.errors.js';
import {
  resolveTransactionOptions,
  type ResolvedTransactionOptions,
  type TransactionOptions,
} from './transaction.options.js';

/**
 * Runs work in a transaction that repositories and `PrismaService` join by themselves.
 *
 * @public
 */
export class TransactionManager {
  /** @internal */
  constructor(
    private readonly runner: TransactionRunner,
    private readonly context: TransactionContext,
    private readonly defaults: ResolvedTransactionOptions,
  ) {}

  /**
   * Runs `work` in a transaction and resolves with its result once the commit is done.
   *
   * Inside `work`, every repository and `PrismaService` use the transaction's connection; nothing has to be passed
   * down. A call inside another `run` joins that transaction: it commits with the outermost call, and a failure of a
   * joined call forbids the commit even where the caller catches it. Whatever `work` starts must be awaited before
   * it returns; a query that comes later is refused, never run outside.
   *
   * A joining call may repeat the `isolationLevel` and the `timeoutMs` of the running transaction, but not ask for
   * others. Its `maxWaitMs` is always kept, as a call that joins does not wait for a connection.
   *
   * @throws {@link TransactionOptionsConflictError} when a joining call asks for another isolation level or time limit
   * @throws {@link UnexpectedRollbackError} when a joined call had failed and its failure was caught
   * @throws {@link TransactionScopeClosedError} when called on behalf of a transaction that has ended
   * @throws {@link CommitOutcomeUnknownError} when the connection broke during COMMIT: all of it is there, or nothing
   * @throws {@link TransactionTimeoutError} when it could not begin, or took too long
   * @throws {@link InvalidOptionsError} when the options are wrong; nothing was started
   * @throws what `work` throws, with the library's class in the place of an error of Prisma or the server
   */
  async run<Result>(work: () => Promise<Result>, options?: TransactionOptions): Promise<Result> {
    const resolved = this.resolve(options);
    const outer = this.context.current();
    if (outer !== undefined) return await this.join(outer, work, options);
    return await asOneAttempt(() => this.begin(resolved, work));
  }

  /**
   * Whether the caller runs in a transaction.
   *
   * @throws {@link TransactionScopeClosedError} when that transaction has ended
   */
  isActive(): boolean {
    return this.context.current() !== undefined;
  }

  private async begin<Result>(
    options: ResolvedTransactionOptions,
    work: () => Promise<Result>,
  ): Promise<Result> {
    let phase: 'begin' | 'execute' | 'commit' = 'begin';
    try {
      return await this.runner.runInTransaction(options, async (client, connection) => {
        phase = 'execute';
        const scope: TransactionScope = { client, connection, options, state: 'open' };
        const result = await this.context.run(scope, work);
        if ('rollbackCause' in scope) throw new UnexpectedRollbackError({ cause: scope.rollbackCause });
        phase = 'commit';
        return result;
      });
    } catch (error) {
      throw translateOwn(error, phase);
    }
  }

  private async join<Result>(
    scope: TransactionScope,
    work: () => Promise<Result>,
    options: TransactionOptions | undefined,
  ): Promise<Result> {
    refuseConflict(scope.options, options ?? {});
    try {
      return await work();
    } catch (error) {
      if (!('rollbackCause' in scope)) scope.rollbackCause = error;
      throw error;
    }
  }

  private resolve(options: TransactionOptions | undefined): ResolvedTransactionOptions {
    const validator = new OptionValidator();
    const resolved = resolveTransactionOptions(options, validator, this.defaults);
    if (validator.violations.length > 0)
      throw new InvalidOptionsError('TransactionManager.run', validator.violations);
    return resolved;
  }
}

/**
 * Puts the library's class in the place of what Prisma or the server said. Every other error comes from `work`, also
 * one of a socket: it may have called another system; and also one around a database error, as that is an answer to it.
 */
function translateOwn(error: unknown, phase: 'begin' | 'execute' | 'commit'): unknown {
  const source = thrownBy(error);
  if (source === 'unknown' || source === 'network' || source === 'redis') return error;
  return translateError(error, {
    operation: phase === 'commit' ? 'COMMIT' : 'The transaction',
    phase,
    inTransaction: phase !== 'begin',
  });
}
