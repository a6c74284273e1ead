import type { ClientLike, TransactionClientLike } from '../client/database-register.js';
import type { TransactionScope } from '../transaction/transaction-scope.js';

/** One of the clients that the application has made of each other with `$extends`, and its counterpart in a transaction. */
export class ClientView<Client extends ClientLike = ClientLike> {
  private readonly scopes = new WeakMap<TransactionScope, Map<PropertyKey, unknown>>();

  /**
   * @param inside - finds the counterpart, from that of the client that was made last
   * @param isHandedQueries - whether those who use it hold queries that they have not made, as hooks of an extension do
   */
  constructor(
    readonly root: Client,
    readonly inside: (last: TransactionClientLike) => TransactionClientLike = (last) => last,
    readonly isHandedQueries = false,
  ) {}

  /** What a scope has been given of it: to find out what a member is costs more than to call it. */
  membersFor(scope: TransactionScope): Map<PropertyKey, unknown> {
    let members = this.scopes.get(scope);
    if (members === undefined) this.scopes.set(scope, (members = new Map<PropertyKey, unknown>()));
    return members;
  }
}
