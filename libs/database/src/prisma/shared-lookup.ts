import { cancelOnAbort, unlessAborted } from '../resilience/cancel-on-abort.js';

/**
 * The calls that Prisma joins into one statement with those of others in the same turn (7.10). It is sent on behalf of
 * whoever came first, whose signal must not cancel it for the others.
 */
const JOINED = new Set<PropertyKey>(['findUnique', 'findUniqueOrThrow']);

type Call = (...parameters: unknown[]) => unknown;
type Settle = (onFulfilled?: Call, onRejected?: Call) => unknown;

/** The delegate of a caller with a signal: it ends the caller's own wait for a joined statement, and not the statement. */
export function shieldLookups(delegate: object): object {
  return new Proxy(delegate, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (!JOINED.has(property)) return value;
      return (...parameters: unknown[]) => shieldPromise((value as Call).apply(target, parameters));
    },
  });
}

/** Stays what it is for Prisma, which looks at more than `then`: `$transaction([…])` and the fluent relations. */
function shieldPromise(promise: unknown): unknown {
  if (typeof promise !== 'object' || promise === null || !isPrismaPromise(promise)) return promise;
  const settled = () =>
    unlessAborted(cancelOnAbort(undefined, () => Promise.resolve(promise as PromiseLike<unknown>)));
  return new Proxy(promise, {
    get(target, property) {
      switch (property) {
        case 'then':
          return ((...handlers) => settled().then(...handlers)) as Settle;
        case 'catch':
          return (handler?: Call) => settled().catch(handler);
        case 'finally':
          return (handler?: () => void) => settled().finally(handler);
      }
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]) => shieldPromise((value as Call).apply(target, parameters));
    },
  });
}

function isPrismaPromise(value: object): boolean {
  return (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'PrismaPromise';
}
