import type { ClientLike, TransactionClientLike } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { refuseConflict, type JoiningWishes } from '../transaction/joining.js';
import { cancellationSignal } from '../resilience/cancel-on-abort.js';
import { shieldLookups } from './shared-lookup.js';
import type { TransactionContext, TransactionScope } from '../transaction/transaction-context.js';
import { TRANSACTION_DURATION, type ResolvedTransactionOptions } from '../transaction/transaction.options.js';

/** What belongs to the client as a whole and is the same inside a transaction. */
const WHOLE_CLIENT = new Set<PropertyKey>(['$connect', '$disconnect', '$on']);

/** A client that follows the ambient transaction. */
export interface AmbientClient<Client extends ClientLike> {
  readonly client: Client;
  /** What `client` answers for a member, without the cost of its proxy. */
  readonly read: (property: PropertyKey) => unknown;
}

/**
 * The client whose every access goes to the ambient transaction where there is one, and to `root` otherwise.
 *
 * The choice is made when a member is read, which is when Prisma binds a query to its connection.
 */
export function createAmbientClient<Client extends ClientLike>(
  root: Client,
  context: TransactionContext,
): AmbientClient<Client> {
  const read = (property: PropertyKey): unknown => {
    // A provider with a `then` would be awaited by whoever resolves it.
    if (property === 'then') return undefined;
    const scope = context.current();
    if (scope === undefined) {
      const value = member(root, property);
      // In a transaction Prisma joins nothing.
      return cancellationSignal() !== undefined && isDelegate(value) ? shieldLookups(value) : value;
    }
    if (WHOLE_CLIENT.has(property)) return member(root, property);
    return property === '$transaction' ? nestedTransaction(scope) : member(scope.client, property);
  };
  return { client: new Proxy(root, { get: (_root, property) => read(property) }), read };
}

function member(client: object, property: PropertyKey): unknown {
  const value: unknown = Reflect.get(client, property);
  if (typeof value !== 'function' || typeof property !== 'string' || !property.startsWith('$')) return value;
  return (value as (...parameters: unknown[]) => unknown).bind(client);
}

type Work = (client: TransactionClientLike) => Promise<unknown>;
type NestedTransaction = (
  work: Work | readonly PromiseLike<unknown>[],
  options?: unknown,
) => Promise<unknown>;

/**
 * `$transaction` inside a transaction: a savepoint on the same connection. Options that a savepoint cannot have are
 * refused before anything is sent; `maxWait` is kept in any case, as there is no connection to wait for.
 *
 * Prisma runs an array of queries on the root client's connection even when it is handed to a transaction's client
 * (7.10), so the array is run here, one after the other: its queries are bound to the transaction already.
 */
function nestedTransaction({ client, options: running }: TransactionScope): NestedTransaction {
  return async (work, options) => {
    refuseConflict(running, readWishes(options, running), 'timeout');
    if (typeof work === 'function') return await savepoint(client, work);
    return await savepoint(client, async () => {
      const results: unknown[] = [];
      for (const query of work) results.push(await query);
      return results;
    });
  };
}

/** @throws {@link InvalidOptionsError} for an option that Prisma does not have, instead of dropping it */
function readWishes(options: unknown, running: ResolvedTransactionOptions): JoiningWishes {
  const validator = new OptionValidator();
  const read = validator.object(options, 'options', ['isolationLevel', 'timeout', 'maxWait']);
  const wishes = {
    isolationLevel: validator.text(read.isolationLevel, 'options.isolationLevel', undefined),
    timeoutMs: validator.integer(read.timeout, 'options.timeout', running.timeoutMs, TRANSACTION_DURATION),
  };
  validator.integer(read.maxWait, 'options.maxWait', 0, TRANSACTION_DURATION);
  if (validator.violations.length === 0) return wishes;
  throw new InvalidOptionsError('PrismaService.$transaction', validator.violations);
}

async function savepoint(client: TransactionClientLike, work: Work): Promise<unknown> {
  // Prisma 7.10.0 writes into the options object it is given, so it gets none.
  return await client.$transaction(work);
}

/** Whether it is the delegate of a model. */
export function isDelegate(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'findMany' in value;
}
