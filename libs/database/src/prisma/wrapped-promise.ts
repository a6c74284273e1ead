/** Set on what is part of a transaction. */
export const BOUND = Symbol('nestjs-database:bound');

/** Whether the query was made inside of a transaction. */
export function isBound(query: unknown): boolean {
  return typeof query === 'object' && query !== null && Reflect.get(query, BOUND) === true;
}

/** How a promise of Prisma's is settled in the end; Prisma sends nothing before somebody waits for it. */
export type Settling = (promise: PromiseLike<unknown>) => Promise<unknown>;

type Call = (...parameters: unknown[]) => unknown;
type Settle = (onFulfilled?: Call, onRejected?: Call) => unknown;

/**
 * The delegate of a model, whose promises are settled by `settle`, as parts of a transaction.
 *
 * @param wrapParent - does the same for the client that methods of extensions find in `$parent`
 */
export function wrapDelegate(
  delegate: object,
  settle: Settling,
  wrapParent: (client: object) => object,
): object {
  const calls = new Map<PropertyKey, Call>();
  return new Proxy(delegate, {
    get(target, property, proxy) {
      const known = calls.get(property);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, property);
      if (property === '$parent' && typeof value === 'object' && value !== null) return wrapParent(value);
      if (typeof value !== 'function') return value;
      // A method of an extension speaks to the delegate it was called on.
      const call = wrapCall((value as Call).bind(proxy), settle);
      calls.set(property, call);
      return call;
    },
  });
}

/** A function of Prisma's, whose promise is settled by `settle`. */
export function wrapCall(call: Call, settle: Settling, bound = true): Call {
  return (...parameters) => wrapPromise(call(...parameters), settle, bound);
}

/**
 * Settled by `settle`, once, and whenever it is waited for. Stays what it is for Prisma, which looks at more than `then`:
 * `$transaction([…])` and the fluent relations.
 *
 * @param bound - whether it is part of a transaction then
 */
export function wrapPromise(promise: unknown, settle: Settling, bound: boolean): unknown {
  if (typeof promise !== 'object' || promise === null || !isPrismaPromise(promise)) return promise;
  let outcome: Promise<unknown> | undefined;
  const settled = () => (outcome ??= settle(promise as unknown as PromiseLike<unknown>));
  return new Proxy(promise, {
    get(target, property) {
      switch (property) {
        case BOUND:
          return bound;
        case 'then':
          return ((...handlers) => settled().then(...handlers)) as Settle;
        case 'catch':
          return (handler?: Call) => settled().catch(handler);
        case 'finally':
          return (handler?: () => void) => settled().finally(handler);
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? wrapCall((value as Call).bind(target), settle, bound) : value;
    },
  });
}

export function isPrismaPromise(value: object): boolean {
  return (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'PrismaPromise';
}
