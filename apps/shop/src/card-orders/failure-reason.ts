import type { CardPaymentStatus } from '../generated/prisma/client.js';

/** What is noted of an order that came to nothing. */
export interface FailureReason {
  readonly status: CardPaymentStatus;
  /** For the customer's eyes. */
  readonly reason: string;
}

const FAILED: FailureReason = {
  status: 'FAILED',
  reason: 'The payment could not be made; nothing was charged. Try again with a new key.',
};

/** Told by names: after a crash the failure is what the journal has of it, and no instance of its class any more. */
export function reasonOf(failure: unknown): FailureReason {
  if (!(failure instanceof Error)) return FAILED;
  if (failure.name === 'CardDeclinedError') return { status: 'DECLINED', reason: failure.message };
  // Time that has run out is nothing that the customer has asked for.
  if (failure.name === 'SagaStoppedError' && (failure as { readonly why?: unknown }).why !== 'late')
    return { status: 'CANCELLED', reason: 'The order was cancelled before it was paid for.' };
  return FAILED;
}
