import type { Arguments } from './defined-filters.js';

/**
 * Asks Prisma for its promise of a query, without the stack that Prisma takes down for each call to show the caller's line
 * in the texts of its errors (7.10): that costs more than everything else in front of the statement, the more the deeper
 * the call stands, and a repository's error has a stack of its own that leads to the caller.
 *
 * Only the promise is made meanwhile: Prisma starts the query when somebody waits for it.
 */
export function startQuery<Operation extends string>(
  delegate: Readonly<Record<Operation, (args?: Arguments) => Promise<unknown>>>,
  operation: Operation,
  args?: Arguments,
): Promise<unknown> {
  const { stackTraceLimit } = Error;
  // Not so where intrinsics are frozen.
  if (!Reflect.set(Error, 'stackTraceLimit', 0)) return delegate[operation](args);
  try {
    return delegate[operation](args);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What was thrown before anything was asked, as the rejection that a caller expects. */
export async function rejected(error: unknown): Promise<never> {
  throw error;
}
