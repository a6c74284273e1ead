import { traceCaller, type CallTrace } from '../common/call-trace.js';
import type { PoolLeakEvent } from './pool.events.js';

// Promises and Prisma take the top of the stack; the borrower is below.
const TRACE_DEPTH = 40;

/** Notes the place of whoever borrows a connection. */
export function traceBorrower(): CallTrace {
  return traceCaller(traceBorrower, TRACE_DEPTH);
}

export function framesOf(trace: CallTrace | undefined): string {
  return (trace?.stack ?? '').split('\n').slice(1).join('\n');
}

/** The leak as a sentence for the log. */
export function describeLeak({ heldMs, inTransaction, stack }: PoolLeakEvent): string {
  return (
    `A connection has been held for ${heldMs} ms${inTransaction ? ', inside a transaction' : ''}. Give connections back with ` +
    `\`release()\` and keep transactions free of other waits. It was borrowed here:\n${stack}`
  );
}
