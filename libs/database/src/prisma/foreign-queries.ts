import { InvalidOptionsError } from '../config/config.errors.js';
import { isPrismaPromise } from './wrapped-promise.js';

type Call = (...parameters: unknown[]) => unknown;

/**
 * Watches over queries that were made outside of any transaction: Prisma sends a query when somebody waits for it, and keeps
 * it on the connection it was made for. Whoever waits for the first time inside of a transaction would run it outside.
 */
export class ForeignQueries {
  /** @param isInside - whether the caller runs in a transaction */
  constructor(private readonly isInside: () => boolean) {}

  /** The same query, which is refused there; everything else as it is. */
  watch(query: unknown): unknown {
    if (typeof query !== 'object' || query === null || !isPrismaPromise(query)) return query;
    let isSent = false;
    const settle =
      (method: 'then' | 'catch' | 'finally'): Call =>
      (...handlers) => {
        const promise = isSent || !this.isInside() ? (query as Promise<unknown>) : Promise.reject(refusal());
        isSent ||= promise === query;
        return (promise[method] as Call).apply(promise, handlers);
      };
    return new Proxy(query, {
      get: (target, property) => {
        if (property === 'then' || property === 'catch' || property === 'finally') return settle(property);
        const value: unknown = Reflect.get(target, property);
        // Relations that can be asked of it are queries as well.
        return typeof value === 'function'
          ? (...parameters: unknown[]) => this.watch((value as Call).apply(target, parameters))
          : value;
      },
    });
  }
}

function refusal(): InvalidOptionsError {
  return InvalidOptionsError.at(
    'PrismaService',
    'query',
    'was made outside of the transaction, and would run outside of it. Make the query inside.',
  );
}
