import { Saga, saga } from 'nestjs-database';
import { ShopError } from '../errors/shop.error.js';
import { PaymentGateway } from '../partners/payment-gateway.js';
import { CardBooking } from './card-booking.service.js';

export interface RefundInput {
  readonly orderId: string;
}

/**
 * Pays back an order in full. The decision is the pivot and comes first: it is the shop's own, and once it is made the money
 * goes back, however often the gateway has to be asked. Its key is that of the order, so that an order is paid back once.
 */
@Saga('refund-card-order', { version: 1 })
export class RefundCardOrder {
  constructor(
    private readonly booking: CardBooking,
    private readonly gateway: PaymentGateway,
  ) {}

  readonly steps = saga<RefundInput>()
    .tx('decide', {
      pivot: true,
      run: ({ input }) => this.booking.beginRefund(BigInt(input.orderId)),
      permanent: (error) => error instanceof ShopError,
    })
    .call('refund', {
      run: ({ out, signal }) => this.gateway.refund(out.decide.chargeKey, signal),
      attempts: 50,
      maxDelayMs: 60_000,
    })
    .tx('settle', { run: ({ input }) => this.booking.settleRefund(BigInt(input.orderId)) })
    .result(({ input }) => input);
}
