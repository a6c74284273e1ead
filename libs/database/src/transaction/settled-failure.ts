import { readProperty } from '../common/safe-read.js';

const MAX_DEPTH = 10;

/** What transactions have failed with for good. A mark on the errors themselves, which others may hold frozen. */
const settled = new WeakSet<object>();

/** The transaction is not repeated any more: whoever runs around it is not to repeat it either, by repeating itself. */
export function settleFailure(error: unknown): void {
  if (typeof error === 'object' && error !== null) settled.add(error);
}

/** Whether it is, or was caused by, a failure that another transaction has settled. */
export function isSettledFailure(error: unknown): boolean {
  let each = error;
  // Errors of the application may have anything for a cause, themselves included.
  for (let depth = 0; depth < MAX_DEPTH && typeof each === 'object' && each !== null; depth += 1) {
    if (settled.has(each)) return true;
    each = readProperty(each, 'cause');
  }
  return false;
}
