import { Saga, saga } from 'nestjs-database';
import { ShopError } from '../errors/shop.error.js';
import type { WantedProduct } from '../inventory/wanted-products.js';
import { Notifier } from '../partners/notifier.js';
import { PaymentGateway } from '../partners/payment-gateway.js';
import { CardBooking } from './card-booking.service.js';

export interface CardOrderInput {
  readonly customerId: number;
  readonly items: readonly WantedProduct[];
  readonly cardToken: string;
}

/** What the shop or the bank refuses, it refuses again. */
const isRefusal = (error: unknown) => error instanceof ShopError;

/**
 * Sells for a card: the goods are set aside, then the money, then both are the order's. Up to `confirm` everything is taken
 * back when something fails; from there on the order stands, and the rest is repeated until it is done.
 *
 * The key of the saga is the customer's own. The card's token is part of the input, as any instance may have to ask the gateway
 * again; it is worth nothing to others, and the back office does not show it.
 */
@Saga('place-card-order', { version: 1, deadlineMs: 300_000 })
export class PlaceCardOrder {
  constructor(
    private readonly booking: CardBooking,
    private readonly gateway: PaymentGateway,
    private readonly notifier: Notifier,
  ) {}

  readonly steps = saga<CardOrderInput>()
    .tx('reserve', {
      run: ({ key, input }) => this.booking.reserve(key, input),
      undo: ({ failure }, { orderId }) => this.booking.release(BigInt(orderId), failure),
      permanent: isRefusal,
    })
    .call('authorise', {
      run: async ({ input: { cardToken }, out: { reserve }, idempotencyKey: key, signal }) => {
        const { amountCents, currency } = reserve;
        await this.gateway.authorise({ key, cardToken, amountCents: BigInt(amountCents), currency }, signal);
        return { chargeKey: key };
      },
      // Also where no answer came: by the key the gateway knows what is meant, or that it has to refuse it when it arrives.
      undo: ({ doKey, signal }) => this.gateway.void(doKey, signal),
      undoPolicy: { attempts: 50, maxDelayMs: 60_000 },
      permanent: isRefusal,
    })
    .tx('confirm', {
      pivot: true,
      run: ({ out }) => this.booking.confirm(BigInt(out.reserve.orderId), out.authorise.chargeKey),
    })
    .call('capture', {
      run: ({ out, signal }) => this.gateway.capture(out.authorise.chargeKey, signal),
      attempts: 50,
      maxDelayMs: 60_000,
    })
    .tx('settle', { run: ({ out }) => this.booking.settle(BigInt(out.reserve.orderId)) })
    .call('notify', {
      run: ({ out: { reserve }, idempotencyKey: key, signal }) => {
        const { orderId } = reserve;
        const text = `Your order ${orderId} is confirmed.`;
        return this.notifier.send({ key, orderId, text }, signal);
      },
      attempts: 5,
    })
    .result(({ out }) => ({ orderId: out.reserve.orderId }));
}
