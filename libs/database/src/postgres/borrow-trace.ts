import type { PoolLeakEvent } from './pool.events.js';

// Promises and Prisma take the top of the stack; the borrower is below.
const TRACE_DEPTH = 40;

/** Where a connection was borrowed. */
export interface BorrowTrace {
  readonly stack?: string;
}

/** Notes the caller's place; the text is only made when it is read. */
export function traceBorrower(): BorrowTrace {
  const trace: { stack?: string } = {};
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = TRACE_DEPTH;
  Error.captureStackTrace(trace, traceBorrower);
  Error.stackTraceLimit = depth;
  return trace;
}

export function framesOf(trace: BorrowTrace | undefined): string {
  return (trace?.stack ?? '').split('\n').slice(1).join('\n');
}

/** The leak as a sentence for the log. */
export function describeLeak({ heldMs, inTransaction, stack }: PoolLeakEvent): string {
  return (
    `A connection has been held for ${heldMs} ms${inTransaction ? ', inside a transaction' : ''}. Give connections back with ` +
    `\`release()\` and keep transactions free of other waits. It was borrowed here:\n${stack}`
  );
}
