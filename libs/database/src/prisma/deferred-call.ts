import { BOUND } from './wrapped-promise.js';

/** Makes a call on the client, as soon as that is there and the call may be sent. */
export type Sending = (call: Build) => Promise<unknown>;

type Call = (...parameters: unknown[]) => unknown;
type Build = (client: object) => unknown;

/** What returns a promise of Prisma's on the client itself. */
const RAW_QUERIES = new Set<PropertyKey>([
  '$queryRaw',
  '$queryRawUnsafe',
  '$queryRawTyped',
  '$executeRaw',
  '$executeRawUnsafe',
]);

/**
 * A member of a client that is not there yet. Calls are noted, and made on the client when somebody waits for their result,
 * as Prisma itself sends nothing before; everything that is no call is read from `sample`.
 *
 * @param sample - the same member of a client of the same class
 */
export function deferredMember(sample: unknown, property: PropertyKey, send: Sending): unknown {
  if (RAW_QUERIES.has(property)) {
    return (...parameters: unknown[]) => deferredCall(send, (client) => callOn(client, property, parameters));
  }
  if (typeof sample !== 'object' || sample === null) return sample;
  return new Proxy(sample, {
    get(target, method) {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]) =>
        deferredCall(send, (client) => callOn(Reflect.get(client, property) as object, method, parameters));
    },
  });
}

/**
 * A member whose every call is refused, by its promise: whoever looks at that of a call would not see what reading a member
 * throws.
 *
 * @param sample - the member of a client of the same class
 */
export function refusedMember(sample: unknown, property: PropertyKey, refuse: () => Promise<never>): unknown {
  const isMethod = typeof sample === 'function' && !RAW_QUERIES.has(property);
  return isMethod ? refuse : deferredMember(sample, property, refuse);
}

/** Looks like Prisma's promise: it runs once, when it is waited for, and relations can be asked of it. */
function deferredCall(send: Sending, build: Build): object {
  let result: Promise<unknown> | undefined;
  const run = () => (result ??= send(build));
  return new Proxy(
    {},
    {
      get(_target, property) {
        switch (property) {
          case BOUND:
            return true;
          case Symbol.toStringTag:
            return 'PrismaPromise';
          case 'then':
            return (resolve?: Call, reject?: Call) => run().then(resolve, reject);
          case 'catch':
            return (reject?: Call) => run().catch(reject);
          case 'finally':
            return (settle?: () => void) => run().finally(settle);
        }
        if (typeof property === 'symbol' || !RELATION.test(property)) return undefined;
        return (...parameters: unknown[]) =>
          deferredCall(send, (client) => callOn(build(client) as object, property, parameters));
      },
    },
  );
}

/** What may be the name of a relation: others look for methods of their own, such as `@@observable`. */
const RELATION = /^(?!(?:constructor|toString|toJSON|valueOf|nodeType|asymmetricMatch)$)[A-Za-z]\w*$/;

function callOn(owner: object, method: PropertyKey, parameters: readonly unknown[]): unknown {
  return (Reflect.get(owner, method) as Call).apply(owner, [...parameters]);
}
