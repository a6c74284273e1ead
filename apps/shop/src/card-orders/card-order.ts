import type { SagaSnapshot } from 'nestjs-database';
import type { CardPaymentStatus } from '../generated/prisma/client.js';
import type { PaidOrder } from './card-payment.repository.js';
import { reasonOf } from './failure-reason.js';

/** Where a card order stands, in the customer's words. */
export const CARD_ORDER_STATUSES = [
  'PROCESSING',
  'CONFIRMED',
  'DECLINED',
  'REFUSED',
  'FAILED',
  'CANCELLING',
  'CANCELLED',
  'REFUNDING',
  'REFUNDED',
  'IN_REVIEW',
] as const;
export type CardOrderStatus = (typeof CARD_ORDER_STATUSES)[number];

/** A card order, as its rows and its saga say together. */
export interface CardOrder {
  readonly key: string;
  readonly status: CardOrderStatus;
  /** Null before the goods are set aside, and where they could not be. */
  readonly payment: PaidOrder | null;
  /** Undefined where its saga has ended so long ago that it was removed. */
  readonly saga: SagaSnapshot | undefined;
}

const SETTLED: { readonly [Status in CardPaymentStatus]: CardOrderStatus | undefined } = {
  PENDING: undefined,
  AUTHORISED: 'CONFIRMED',
  CAPTURED: 'CONFIRMED',
  REFUNDING: 'REFUNDING',
  REFUNDED: 'REFUNDED',
  DECLINED: 'DECLINED',
  CANCELLED: 'CANCELLED',
  FAILED: 'FAILED',
};

/** What the rows say counts, as it was committed by the steps; the saga tells what is on its way. Both of one moment. */
export function statusOf(saga: SagaSnapshot | undefined, payment: PaidOrder | null): CardOrderStatus {
  const settled = payment === null ? undefined : SETTLED[payment.status];
  if (settled !== undefined) return settled;
  switch (saga?.state) {
    case 'running':
      return saga.cancelRequested ? 'CANCELLING' : 'PROCESSING';
    case 'compensating':
      return 'CANCELLING';
    case 'compensated':
      if (payment !== null) return 'IN_REVIEW';
      return stoppedStatus(saga.error) ?? 'REFUSED';
    // Somebody of the back office has to look at it.
    default:
      return 'IN_REVIEW';
  }
}

/** Of one that was stopped before it had done anything. */
function stoppedStatus(error: Error | undefined): CardOrderStatus | undefined {
  return error?.name === 'SagaStoppedError' ? SETTLED[reasonOf(error).status] : undefined;
}

/** Why it came to nothing, in words for the customer; null where it did not. */
export function reasonFor({ status, payment, saga }: CardOrder): string | null {
  if (payment?.reason != null) return payment.reason;
  if (status === 'REFUSED') return saga?.error?.message ?? null;
  return status === 'FAILED' || status === 'CANCELLED' ? reasonOf(saga?.error).reason : null;
}
