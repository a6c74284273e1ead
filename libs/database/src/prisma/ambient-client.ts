import type { ClientLike, TransactionClientLike } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import { OptionValidator } from '../config/option-validator.js';
import { refuseConflict, type JoiningWishes } from '../transaction/joining.js';
import { cancellationSignal } from '../resilience/cancel-on-abort.js';
import type { ClientView } from './client-view.js';
import { deferredMember, type Sending } from './deferred-call.js';
import { shieldLookups } from './shared-lookup.js';
import { isBound, wrapCall, wrapDelegate, type Settling } from './wrapped-promise.js';
import { runNested } from '../transaction/nested-transaction.js';
import { TransactionControlError } from '../transaction/transaction.errors.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import type { TransactionScope } from '../transaction/transaction-scope.js';
import {
  ISOLATION_LEVELS,
  TRANSACTION_DURATION,
  type ResolvedTransactionOptions,
} from '../transaction/transaction.options.js';

/** What belongs to the client as a whole and is the same inside a transaction. */
const WHOLE_CLIENT = new Set<PropertyKey>(['$connect', '$on']);

/** A client that follows the ambient transaction. */
export interface AmbientClient<Client extends ClientLike> {
  readonly client: Client;
  /** What `client` answers for a member, without the cost of its proxy. */
  readonly read: (property: PropertyKey) => unknown;
}

/**
 * The client whose every access goes to the ambient transaction where there is one, and to the whole client otherwise.
 *
 * The choice is made when a member is read, which is when Prisma binds a query to its connection.
 */
export function createAmbientClient<Client extends ClientLike>(
  view: ClientView<Client>,
  context: TransactionContext,
): AmbientClient<Client> {
  return followAmbient(view, context, (property) => {
    const value = member(view.root, property);
    if (property === '$transaction') return refusingBound(value as NestedTransaction);
    // In a transaction Prisma joins nothing.
    return cancellationSignal() !== undefined && isDelegate(value) ? shieldLookups(value) : value;
  });
}

/** @param outside - the members of the client where there is no transaction */
export function followAmbient<Client extends ClientLike>(
  view: ClientView<Client>,
  context: TransactionContext,
  outside: (property: PropertyKey) => unknown,
): AmbientClient<Client> {
  const { root } = view;
  const read = (property: PropertyKey): unknown => {
    // A provider with a `then` would be awaited by whoever resolves it.
    if (property === 'then') return undefined;
    const scope = context.current();
    if (scope === undefined) return outside(property);
    return WHOLE_CLIENT.has(property) ? member(root, property) : readInside(view, context, scope, property);
  };
  return { client: new Proxy(root, { get: (_root, property) => read(property) }), read };
}

/**
 * The client of one scope, wherever it is used: where the scope has been left on the way, in a listener of an event for
 * instance, it still speaks inside of the transaction, and is refused after its end.
 */
export function createScopeClient(
  view: ClientView,
  context: TransactionContext,
  scope: TransactionScope,
): TransactionClientLike {
  const get = (_root: object, property: PropertyKey): unknown => {
    if (property === 'then') return undefined;
    refuseClosed(scope);
    return readInside(view, context, scope, property);
  };
  return new Proxy(view.root, { get }) as unknown as TransactionClientLike;
}

function readInside(
  view: ClientView,
  context: TransactionContext,
  scope: TransactionScope,
  property: PropertyKey,
): unknown {
  if (property === '$transaction') return nestedTransaction(view, context, scope);
  // It would wait for the transaction, which waits for it.
  if (property === '$disconnect') return () => Promise.reject(new TransactionControlError('$disconnect'));
  const { clients } = scope.transaction;
  const { started } = clients;
  if (started === undefined) {
    if (property === '$extends') return undefined;
    const send: Sending = (call) =>
      context.call(scope, async () => await call(view.inside(await clients.start())));
    return deferredMember(member(view.root, property), property, send);
  }
  const members = view.membersFor(scope);
  const known = members.get(property);
  if (known !== undefined) return known;
  const value = member(view.inside(started), property);
  // Prisma sends when somebody waits, some turns later: an inner part may have begun by then.
  const settle: Settling = (promise) => context.call(scope, () => promise);
  const wrapped = isDelegate(value)
    ? wrapDelegate(value, settle)
    : typeof value === 'function'
      ? wrapCall(value as () => unknown, settle)
      : undefined;
  if (wrapped === undefined) return value;
  members.set(property, wrapped);
  return wrapped;
}

function refuseClosed({ part }: TransactionScope): void {
  if (part.closed) throw new TransactionScopeClosedError();
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
function nestedTransaction(
  view: ClientView,
  context: TransactionContext,
  scope: TransactionScope,
): NestedTransaction {
  return async (work, options) => {
    refuseConflict(scope.options, readWishes(options, scope.options), 'timeout');
    if (typeof work !== 'function' && !view.isHandedQueries) refuseForeign(work);
    // A client that is used further in than where it was handed out begins its part there.
    return await runNested(context, context.within(scope), 'PrismaService.$transaction', async () => {
      // In its own part by now.
      if (typeof work === 'function')
        return await work(createScopeClient(view, context, context.current() ?? scope));
      const results: unknown[] = [];
      for (const query of work) results.push(await query);
      return results;
    });
  };
}

/** Prisma's own `$transaction`, which would take queries of a transaction out of it. */
function refusingBound(whole: NestedTransaction): NestedTransaction {
  return (work, options) => {
    const bound = Array.isArray(work) ? work.findIndex(isBound) : -1;
    if (bound < 0) return whole(work, options);
    const error = InvalidOptionsError.at(
      'PrismaService.$transaction',
      String(bound),
      'was made inside of a transaction, and would run outside of it. Make the query where it is to run.',
    );
    return Promise.reject(error);
  };
}

/** @throws {@link InvalidOptionsError} for queries that were made outside, and would be sent outside, each on its own */
function refuseForeign(queries: readonly PromiseLike<unknown>[]): void {
  const foreign = [...queries].findIndex((query) => !isBound(query));
  if (foreign < 0) return;
  throw InvalidOptionsError.at(
    'PrismaService.$transaction',
    String(foreign),
    'was made outside of the transaction, and would run outside of it. Make the query inside.',
  );
}

/** @throws {@link InvalidOptionsError} for an option that Prisma does not have, instead of dropping it */
function readWishes(options: unknown, running: ResolvedTransactionOptions): JoiningWishes {
  const validator = new OptionValidator();
  const read = validator.object(options, 'options', ['isolationLevel', 'timeout', 'maxWait']);
  const wishes = {
    isolationLevel: validator.oneOf(
      read.isolationLevel,
      'options.isolationLevel',
      undefined,
      ISOLATION_LEVELS,
    ),
    timeoutMs: validator.integer(read.timeout, 'options.timeout', running.timeoutMs, TRANSACTION_DURATION),
  };
  validator.integer(read.maxWait, 'options.maxWait', 0, TRANSACTION_DURATION);
  if (validator.violations.length === 0) return wishes;
  throw new InvalidOptionsError('PrismaService.$transaction', validator.violations);
}

/** Whether it is the delegate of a model. */
export function isDelegate(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'findMany' in value;
}
