import type { ClientLike, TransactionClientLike } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import { createAmbientClient } from './ambient-client.js';
import { ClientView } from './client-view.js';

/** The clients that the application has made of each other. */
interface Chain {
  last: ClientLike;
  /** Whether `extend` has returned. */
  isMade: boolean;
}

type Extension = object | ((client: ClientLike) => unknown);
interface Extensible {
  $extends(extension: object): ClientLike;
}
/** What Prisma names in a client that was made of another one. */
interface Offspring {
  readonly $parent?: object;
}

/** The clients behind what `extend` is handed and makes of it. */
const originals = new WeakMap<object, ClientLike>();

/**
 * Runs `extend` with a client that follows the ambient transaction, and has every client that is made of it do the same:
 * hooks of an extension use the client they were made of, which Prisma itself leaves outside of the transaction that called
 * them. It still runs without the extensions that came after it.
 *
 * @returns what `extend` has made, without that
 */
export function extendInside(
  client: ClientLike,
  extend: (client: ClientLike) => unknown,
  context: TransactionContext,
): unknown {
  const chain: Chain = { last: client, isMade: false };
  const extended = extend(follow(client, chain, context));
  const original = isObject(extended) ? originals.get(extended) : undefined;
  if (original !== undefined) chain.last = original;
  chain.isMade = true;
  return original ?? extended;
}

function follow(client: ClientLike, chain: Chain, context: TransactionContext): ClientLike {
  const view = new ClientView(client, (last) => counterpart(client, chain.last, last), true);
  const ambient = createAmbientClient(view, context);
  const made = (extension: Extension): unknown => {
    if (typeof extension === 'function') return extension(proxy);
    // Later it has no counterpart in a transaction, whose client is the last one of the chain.
    if (chain.isMade) return (ambient.read('$extends') as (extension: object) => unknown)(extension);
    const next = (client as unknown as Extensible).$extends(extension);
    chain.last = next;
    return follow(next, chain, context);
  };
  const proxy = new Proxy(client, {
    get: (_client, property) => (property === '$extends' ? made : ambient.read(property)),
  });
  originals.set(proxy, client);
  return proxy;
}

/** As many generations above the transaction's client as `client` is above the one that was made last. */
function counterpart(
  client: ClientLike,
  last: ClientLike,
  transaction: TransactionClientLike,
): TransactionClientLike {
  let above: object = last;
  let inside: object = transaction;
  while (above !== client) {
    const parent = parentOf(above);
    if (parent === undefined || parent === above)
      throw InvalidOptionsError.at('DatabaseModule', 'extend', UNKNOWN_FAMILY);
    above = parent;
    inside = parentOf(inside) ?? inside;
  }
  return inside as TransactionClientLike;
}

const UNKNOWN_FAMILY =
  'has made a client that is none of those which the returned one was made of, and that has no counterpart in a transaction. Chain the extensions, or use it outside of transactions.';

function parentOf(client: object): object | undefined {
  return (client as Offspring).$parent;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
