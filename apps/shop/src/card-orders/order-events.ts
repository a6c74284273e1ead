import { Injectable } from '@nestjs/common';
import { Outbox } from 'nestjs-database';
import { OrderNotFoundError } from '../orders/order.errors.js';
import { OrderRepository } from '../orders/order.repository.js';

/** What becomes of an order that others are told of. */
export type OrderEventName = 'order.confirmed' | 'order.refunded';

/** The topic of what customers are written; one for all letters, as only messages of one topic keep their order. */
export const ORDER_LETTERS = 'order.letters';
/** The topic of what goes to other applications, as a Redis stream where there is a Redis. */
export const ORDER_FEED = 'order.feed';

/** What a message of these topics holds. */
export interface OrderEvent {
  readonly event: OrderEventName;
  readonly orderId: string;
  readonly customerId: number;
  readonly totalCents: string;
  readonly currency: string;
}

/** Writes what has become of an order into the outbox, in the transaction of whoever has changed it. */
@Injectable()
export class OrderEvents {
  constructor(
    private readonly outbox: Outbox,
    private readonly orders: OrderRepository,
  ) {}

  /** One message for each receiver, as a message is delivered to one. To each of them those of an order come in their order. */
  async add(event: OrderEventName, orderId: bigint): Promise<void> {
    const order = await this.orders.findById(orderId);
    if (order === null) throw new OrderNotFoundError(orderId);
    const { customerId, totalCents, currency } = order;
    const payload: OrderEvent = {
      event,
      orderId: String(orderId),
      customerId,
      totalCents: String(totalCents),
      currency,
    };
    for (const topic of [ORDER_LETTERS, ORDER_FEED])
      this.outbox.add({ topic, key: `order:${orderId}`, payload });
  }
}
