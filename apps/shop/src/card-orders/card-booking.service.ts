import { Injectable } from '@nestjs/common';
import { Transactional, UniqueViolationError } from 'nestjs-database';
import { ShelfService } from '../inventory/shelf.service.js';
import { mergeWanted, type WantedProduct } from '../inventory/wanted-products.js';
import { OrderNotFoundError } from '../orders/order.errors.js';
import { OrderRepository } from '../orders/order.repository.js';
import { OrderService } from '../orders/order.service.js';
import { KeyReusedError, NotRefundableError } from './card-order.errors.js';
import { CardPaymentRepository } from './card-payment.repository.js';
import { OrderEvents } from './order-events.js';
import { reasonOf } from './failure-reason.js';

/** What was reserved; in texts, as the journal of a saga keeps JSON. */
export interface Reservation {
  readonly orderId: string;
  readonly amountCents: string;
  readonly currency: string;
}

/**
 * What the sagas of card orders write, a method for each step. All of them are part of a step's transaction and refused on
 * their own: their writes, the messages in the outbox and the step's place in the journal are one commit.
 */
@Injectable()
export class CardBooking {
  constructor(
    private readonly orders: OrderService,
    private readonly orderRows: OrderRepository,
    private readonly payments: CardPaymentRepository,
    private readonly shelves: ShelfService,
    private readonly events: OrderEvents,
  ) {}

  /**
   * Writes the order and takes its products off the shelves; it is not paid for yet.
   *
   * @throws {KeyReusedError}
   * @throws what `place` of {@link OrderService} throws
   */
  @Transactional({ propagation: 'MANDATORY' })
  async reserve(
    key: string,
    { customerId, items }: { readonly customerId: number; readonly items: readonly WantedProduct[] },
  ): Promise<Reservation> {
    const { id: orderId, totalCents: amountCents, currency } = await this.orders.place(customerId, items);
    try {
      await this.payments.create({ data: { orderId, key, amountCents, currency } });
    } catch (error) {
      // The saga that had it has ended so long ago that it was removed.
      if (error instanceof UniqueViolationError) throw new KeyReusedError(key);
      throw error;
    }
    return { orderId: String(orderId), amountCents: String(amountCents), currency };
  }

  /** Takes the order back; `failure` says why. */
  @Transactional({ propagation: 'MANDATORY' })
  async release(orderId: bigint, failure: unknown): Promise<void> {
    if (await this.payments.move(orderId, 'PENDING', reasonOf(failure))) await this.takeBack(orderId);
  }

  /** From here on the order is the customer's, and what follows is done until it is done. */
  @Transactional({ propagation: 'MANDATORY' })
  async confirm(orderId: bigint, chargeKey: string): Promise<void> {
    await this.payments.move(orderId, 'PENDING', { status: 'AUTHORISED', chargeKey });
    await this.orderRows.update({ where: { id: orderId }, data: { status: 'PAID' } });
    await this.events.add('order.confirmed', orderId);
  }

  /** The money is ours. */
  @Transactional({ propagation: 'MANDATORY' })
  async settle(orderId: bigint): Promise<void> {
    await this.payments.move(orderId, 'AUTHORISED', { status: 'CAPTURED' });
  }

  /**
   * Decides that the money goes back, and puts the goods back on the shelves.
   *
   * @returns the charge that is to be paid back
   * @throws {NotRefundableError}
   */
  @Transactional({ propagation: 'MANDATORY' })
  async beginRefund(orderId: bigint): Promise<{ readonly chargeKey: string }> {
    const isCaptured = await this.payments.move(orderId, 'CAPTURED', { status: 'REFUNDING' });
    const payment = await this.payments.findById({ orderId }, { include: { order: true } });
    if (!isCaptured || payment?.order.status !== 'PAID' || payment.chargeKey === null)
      throw new NotRefundableError();
    await this.takeBack(orderId);
    return { chargeKey: payment.chargeKey };
  }

  /** The customer has the money again. */
  @Transactional({ propagation: 'MANDATORY' })
  async settleRefund(orderId: bigint): Promise<void> {
    if (await this.payments.move(orderId, 'REFUNDING', { status: 'REFUNDED' }))
      await this.events.add('order.refunded', orderId);
  }

  private async takeBack(orderId: bigint): Promise<void> {
    const order = await this.orderRows.findWithItems(orderId);
    if (order === null) throw new OrderNotFoundError(orderId);
    await this.orderRows.update({ where: { id: orderId }, data: { status: 'CANCELLED' } });
    // Last, because everybody else who wants the products waits from here to the commit.
    await this.shelves.putBack(mergeWanted(order.items));
  }
}
