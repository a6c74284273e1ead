/** What transactions have failed with for good. A mark on the errors themselves, which others may hold frozen. */
const settled = new WeakSet<object>();

/** The transaction is not repeated any more: whoever runs around it is not to repeat it either, by repeating itself. */
export function settleFailure(error: unknown): void {
  if (typeof error === 'object' && error !== null) settled.add(error);
}

/** Whether it is, or was caused by, a failure that another transaction has settled. */
export function isSettledFailure(error: unknown): boolean {
  for (
    let each = error;
    typeof each === 'object' && each !== null;
    each = (each as { cause?: unknown }).cause
  )
    if (settled.has(each)) return true;
  return false;
}
