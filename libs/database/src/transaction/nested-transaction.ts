import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import { workOut } from './transaction-attempt.js';
import type { TransactionContext } from './transaction-context.js';
import { TransactionPart, TransactionScope } from './transaction-scope.js';
import { RolledBackAsAsked, TransactionDepthError } from './transaction.errors.js';

/** Each level is a subtransaction, of which PostgreSQL keeps 64 at hand; beyond that every reader pays for them. */
const MAX_DEPTH = 16;

/**
 * Runs `work` in a savepoint: kept with the rest of the transaction when it resolves, taken back alone when it rejects.
 * Savepoints of one part run one after the other, as they would otherwise lie inside of each other.
 *
 * @throws {@link TransactionDepthError} beyond 16 levels
 * @throws {@link UnexpectedRollbackError} when a call that had joined it failed, or a statement, and that was caught
 */
export function runNested<Result>(
  context: TransactionContext,
  { part: outer }: TransactionScope,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const { transaction } = outer;
  if (outer.closed) return Promise.reject(new TransactionScopeClosedError());
  if (outer.depth >= MAX_DEPTH) return Promise.reject(new TransactionDepthError(MAX_DEPTH));
  return outer.inner.run(async () => {
    const part = new TransactionPart(transaction, outer);
    outer.begin(part);
    const savepoint = await transaction.session.savepoint();
    try {
      const scope = new TransactionScope(part, name, true);
      const result = await context.make(scope, () => workOut(part, work));
      await part.inner.drained();
      await savepoint.release();
      outer.adopt(part);
      return result;
    } catch (error) {
      const asked = error instanceof RolledBackAsAsked;
      const cause = asked ? undefined : error;
      part.fail(cause);
      outer.hooks.adoptFailed(part.hooks, cause);
      await part.inner.drained();
      // Of a connection that is lost, nothing is left to take back; the failure that counts is the first one.
      await savepoint.rollback().catch((cause: unknown) => {
        outer.markForRollback({ by: name, cause, ownWish: false });
      });
      if (asked) return error.result as Result;
      throw error;
    }
  }, context.callIn(outer));
}
