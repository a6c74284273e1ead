import type { ClientLike, TransactionClientLike } from '../client/database-register.js';
import type { TransactionContext, TransactionScope } from '../transaction/transaction-context.js';

/** What belongs to the client as a whole and is the same inside a transaction. */
const WHOLE_CLIENT = new Set<PropertyKey>(['$connect', '$disconnect', '$on']);

/**
 * The client whose every access goes to the ambient transaction where there is one, and to `root` otherwise.
 *
 * The choice is made when a member is read, which is when Prisma binds a query to its connection.
 */
export function createAmbientClient<Client extends ClientLike>(
  root: Client,
  context: TransactionContext,
): Client {
  return new Proxy(root, {
    get(target, property) {
      // A provider with a `then` would be awaited by whoever resolves it.
      if (property === 'then') return undefined;
      if (WHOLE_CLIENT.has(property)) return member(target, property);
      const scope = context.current();
      if (scope === undefined) return member(target, property);
      return property === '$transaction' ? nestedTransaction(scope) : member(scope.client, property);
    },
  });
}

function member(client: object, property: PropertyKey): unknown {
  const value: unknown = Reflect.get(client, property);
  if (typeof value !== 'function' || typeof property !== 'string' || !property.startsWith('$')) return value;
  return (value as (...parameters: unknown[]) => unknown).bind(client);
}

type Work = (client: TransactionClientLike) => Promise<unknown>;

/**
 * `$transaction` inside a transaction: a savepoint on the same connection.
 *
 * Prisma runs an array of queries on the root client's connection even when it is handed to a transaction's client
 * (7.10), so the array is run here, one after the other: its queries are bound to the transaction already.
 */
function nestedTransaction({
  client,
}: TransactionScope): (work: Work | readonly PromiseLike<unknown>[]) => Promise<unknown> {
  return async (work) => {
    if (typeof work === 'function') return await savepoint(client, work);
    return await savepoint(client, async () => {
      const results: unknown[] = [];
      for (const query of work) results.push(await query);
      return results;
    });
  };
}

async function savepoint(client: TransactionClientLike, work: Work): Promise<unknown> {
  // Prisma 7.10.0 writes into the options object it is given, so it gets none.
  return await client.$transaction(work);
}
