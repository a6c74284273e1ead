import type { ClientLike } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { cancellationSignal } from '../resilience/cancel-on-abort.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import { isDelegate, isOwnMethod, member } from './client-member.js';
import type { ClientView } from './client-view.js';
import { refusedMember } from './deferred-call.js';
import { ForeignQueries } from './foreign-queries.js';
import { refusingBound, type NestedTransaction } from './nested-prisma-transaction.js';
import { ScopeMembers } from './scope-members.js';
import { isJoined, shieldLookup } from './shared-lookup.js';

/** What belongs to the client as a whole and is the same inside a transaction. */
const WHOLE_CLIENT = new Set<PropertyKey>(['$connect', '$on']);

type Call = (...parameters: unknown[]) => unknown;

/** A client that follows the ambient transaction. */
export interface AmbientClient<Client extends ClientLike> {
  readonly client: Client;
  /** What `client` answers for a member, without the cost of its proxy. */
  readonly read: (property: PropertyKey) => unknown;
}

/** The client whose calls go to the ambient transaction where there is one, and to the whole client otherwise. */
export function createAmbientClient<Client extends ClientLike>(
  view: ClientView<Client>,
  context: TransactionContext,
): AmbientClient<Client> {
  const members = new ScopeMembers(view, context);
  const decided = new DecidedMembers(
    view.root,
    (property) => members.current(property),
    () => context.entered() !== undefined,
  );
  return { client: decided.client, read: decided.read };
}

/**
 * The members of a client for code that may run in a transaction or outside. The choice is made with each call, and not when
 * a member is read: delegates and methods are kept in fields.
 */
class DecidedMembers<Client extends ClientLike> {
  readonly client: Client;
  private readonly known = new Map<PropertyKey, unknown>();
  private readonly foreign: ForeignQueries;

  /**
   * @param inside - the same member inside of the caller's transaction; undefined where there is none
   * @param isInside - whether there is one
   */
  constructor(
    private readonly root: Client,
    private readonly inside: (property: PropertyKey) => unknown,
    private readonly isInside: () => boolean,
  ) {
    this.foreign = new ForeignQueries(isInside);
    this.client = new Proxy(root, { get: (_root, property) => this.read(property) });
  }

  readonly read = (property: PropertyKey): unknown => {
    // A provider with a `then` would be awaited by whoever resolves it.
    if (property === 'then') return undefined;
    if (!WHOLE_CLIENT.has(property)) {
      const inside = this.inside(property);
      if (inside !== undefined) return inside;
    }
    const known = this.known.get(property);
    if (known !== undefined) return known;
    const value = this.outside(property);
    if (isDelegate(value) || typeof value === 'function') this.known.set(property, value);
    return value;
  };

  private outside(property: PropertyKey): unknown {
    const value = member(this.root, property);
    if (property === '$extends') return (extension: unknown) => this.extend((value as Call)(extension));
    if (property === '$transaction')
      return this.method(property, refusingBound(value as NestedTransaction) as Call);
    if (isDelegate(value)) return this.delegate(property, value);
    const isMethod = typeof value === 'function' && !WHOLE_CLIENT.has(property) && property !== 'constructor';
    return isMethod ? this.method(property, value as Call) : value;
  }

  /** Prisma has no counterpart in a running transaction for a client that is extended later. */
  private extend(extended: unknown): ClientLike {
    const client = extended as ClientLike;
    const refuse = () => Promise.reject(extendedLate());
    const inside = (property: PropertyKey) =>
      this.isInside() ? refusedMember(member(client, property), property, refuse) : undefined;
    return new DecidedMembers(client, inside, this.isInside).client;
  }

  private method(property: PropertyKey, call: Call): Call {
    const isOwn = isOwnMethod(property);
    return (...parameters) => {
      const inside = this.inside(property) as Call | undefined;
      if (inside !== undefined) return inside(...parameters);
      // A method of an extension speaks to the client it was called on.
      return this.foreign.watch(isOwn ? call(...parameters) : call.apply(this.client, parameters));
    };
  }

  private delegate(model: PropertyKey, delegate: object): object {
    const calls = new Map<PropertyKey, unknown>();
    return new Proxy(delegate, {
      // What a test puts in the place of a method stays on this side: Prisma's own delegate is not changed.
      set: (_delegate, method, value) => {
        calls.set(method, value);
        return true;
      },
      deleteProperty: (_delegate, method) => {
        calls.delete(method);
        return true;
      },
      get: (_delegate, method, proxy) => {
        const known = calls.get(method);
        if (known !== undefined) return known;
        const value: unknown = Reflect.get(delegate, method);
        if (typeof value !== 'function') return value;
        const call: Call = (...parameters) => {
          const inside = this.inside(model) as Readonly<Record<PropertyKey, Call>> | undefined;
          if (inside !== undefined) return inside[method]?.(...parameters);
          const result: unknown = (value as Call).apply(proxy, parameters);
          const isShared = cancellationSignal() !== undefined && isJoined(method);
          return this.foreign.watch(isShared ? shieldLookup(result) : result);
        };
        calls.set(method, call);
        return call;
      },
    });
  }
}

function extendedLate(): InvalidOptionsError {
  return InvalidOptionsError.at(
    'PrismaService.$extends',
    'client',
    'was extended outside of the module, and would run outside of the transaction that it is used in. Extend it with the option `extend`.',
  );
}
