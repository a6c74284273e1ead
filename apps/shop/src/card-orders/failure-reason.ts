import type { CardPaymentStatus } from '../generated/prisma/client.js';

/** What is noted of an order that came to nothing. */
export interface FailureReason {
  readonly status: CardPaymentStatus;
  /** For the customer's eyes. */
  readonly reason: string;
}

/** Told by names: after a crash the failure is what the journal has of it, and no instance of its class any more. */
export function reasonOf(failure: unknown): FailureReason {
  const { name, message } = failure instanceof Error ? failure : new Error();
  switch (name) {
    case 'CardDeclinedError':
      return { status: 'DECLINED', reason: message };
    case 'SagaStoppedError':
      return { status: 'CANCELLED', reason: 'The order was cancelled before it was paid for.' };
    default:
      return {
        status: 'FAILED',
        reason: 'The payment could not be made; nothing was charged. Try again with a new key.',
      };
  }
}
