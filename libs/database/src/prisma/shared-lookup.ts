import { cancelOnAbort, unlessAborted } from '../resilience/cancel-on-abort.js';
import { wrapPromise } from './wrapped-promise.js';

/**
 * The calls that Prisma joins into one statement with those of others in the same turn (7.10). It is sent on behalf of
 * whoever came first, whose signal must not cancel it for the others.
 */
const JOINED = new Set<PropertyKey>(['findUnique', 'findUniqueOrThrow']);

export function isJoined(method: PropertyKey): boolean {
  return JOINED.has(method);
}

/** A lookup for a caller with a signal: that ends the caller's own wait for a joined statement, and not the statement. */
export function shieldLookup(lookup: unknown): unknown {
  return wrapPromise(
    lookup,
    (promise) => unlessAborted(cancelOnAbort(undefined, () => Promise.resolve(promise))),
    false,
  );
}
