import type { TransactionClientLike } from '../client/database-register.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import type { TransactionScope } from '../transaction/transaction-scope.js';
import { TransactionControlError } from '../transaction/transaction.errors.js';
import { isDelegate, isOwnMethod, member } from './client-member.js';
import type { ClientView } from './client-view.js';
import { deferredMember, refusedMember, type Sending } from './deferred-call.js';
import { nestedTransaction } from './nested-prisma-transaction.js';
import { wrapCall, wrapDelegate, type Settling } from './wrapped-promise.js';

/** What the members of a client are inside of a transaction: whatever they send belongs to it, or is refused. */
export class ScopeMembers {
  constructor(
    private readonly view: ClientView,
    private readonly context: TransactionContext,
  ) {}

  /** That of the scope which the caller runs in; undefined where it runs in none. */
  current(property: PropertyKey): unknown {
    const scope = this.context.entered();
    return scope === undefined ? undefined : this.of(scope, property);
  }

  of(scope: TransactionScope, property: PropertyKey): unknown {
    if (scope.part.closed)
      return refusedMember(member(this.view.root, property), property, () =>
        Promise.reject(new TransactionScopeClosedError()),
      );
    if (property === '$transaction')
      return nestedTransaction(this.context, scope, this.view.isHandedQueries, (inner) => this.client(inner));
    // It would wait for the transaction, which waits for it.
    if (property === '$disconnect') return () => Promise.reject(new TransactionControlError('$disconnect'));
    const { started } = scope.transaction.clients;
    return started === undefined ? this.deferred(scope, property) : this.begun(scope, started, property);
  }

  /**
   * The client of one scope, wherever it is used: where the scope has been left on the way, in a listener of an event for
   * instance, it still speaks inside of the transaction, and is refused after its end.
   */
  client(scope: TransactionScope): TransactionClientLike {
    const get = (_root: object, property: PropertyKey): unknown =>
      // A client with a `then` would be awaited by whoever resolves with it.
      property === 'then' ? undefined : this.of(scope, property);
    return new Proxy(this.view.root, { get }) as unknown as TransactionClientLike;
  }

  /** Before the first call: Prisma's own client of the transaction is not there yet. */
  private deferred(scope: TransactionScope, property: PropertyKey): unknown {
    if (property === '$extends') return undefined;
    const { clients } = scope.transaction;
    const send: Sending = (call) =>
      this.context.call(scope, async () => await call(this.view.inside(await clients.start())));
    return deferredMember(member(this.view.root, property), property, send);
  }

  private begun(scope: TransactionScope, started: TransactionClientLike, property: PropertyKey): unknown {
    const members = this.view.membersFor(scope);
    const known = members.get(property);
    if (known !== undefined) return known;
    const value = member(this.view.inside(started), property);
    const made = this.wrap(scope, property, value);
    if (made !== value) members.set(property, made);
    return made;
  }

  /** The client that an extended one was made of, which methods of extensions ask for. */
  private parent(scope: TransactionScope, client: object): object {
    return new Proxy(client, {
      get: (_client, property) => {
        if (property === 'then') return undefined;
        if (property === '$transaction' || property === '$disconnect') return this.of(scope, property);
        return this.wrap(scope, property, member(client, property));
      },
    });
  }

  private wrap(scope: TransactionScope, property: PropertyKey, value: unknown): unknown {
    // Prisma sends when somebody waits, some turns later: an inner part may have begun by then.
    const settle: Settling = (promise) => this.context.call(scope, () => promise);
    if (isDelegate(value)) return wrapDelegate(value, settle, (client) => this.parent(scope, client));
    if (property === '$parent' && typeof value === 'object' && value !== null)
      return this.parent(scope, value);
    if (typeof value !== 'function') return value;
    const call = value as (...parameters: unknown[]) => unknown;
    // A method of an extension speaks to the client it was called on.
    return wrapCall(isOwnMethod(property) ? call : call.bind(this.client(scope)), settle);
  }
}
