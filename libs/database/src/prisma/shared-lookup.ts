import { cancelOnAbort, unlessAborted } from '../resilience/cancel-on-abort.js';
import { wrapDelegate } from './wrapped-promise.js';

/**
 * The calls that Prisma joins into one statement with those of others in the same turn (7.10). It is sent on behalf of
 * whoever came first, whose signal must not cancel it for the others.
 */
const JOINED = new Set<PropertyKey>(['findUnique', 'findUniqueOrThrow']);

/** The delegate of a caller with a signal: it ends the caller's own wait for a joined statement, and not the statement. */
export function shieldLookups(delegate: object): object {
  return wrapDelegate(
    delegate,
    (promise) => unlessAborted(cancelOnAbort(undefined, () => Promise.resolve(promise))),
    JOINED,
  );
}
