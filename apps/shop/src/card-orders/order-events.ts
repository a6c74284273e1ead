import { Injectable } from '@nestjs/common';
import { Outbox } from 'nestjs-database';
import { OrderNotFoundError } from '../orders/order.errors.js';
import { OrderRepository } from '../orders/order.repository.js';

/** What others are told of orders. */
export const ORDER_TOPICS = ['order.confirmed', 'order.refunded'] as const;
export type OrderTopic = (typeof ORDER_TOPICS)[number];

/** The topic of what goes to other applications: all of the above, as a Redis stream where there is a Redis. */
export const ORDER_FEED = 'order.feed';

/** What a message of these topics holds. */
export interface OrderEvent {
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

  /** One message for each receiver, as a message is delivered to one: those of an order keep their order. */
  async add(topic: OrderTopic, orderId: bigint): Promise<void> {
    const order = await this.orders.findById(orderId);
    if (order === null) throw new OrderNotFoundError(orderId);
    const { customerId, totalCents, currency } = order;
    const event: OrderEvent = {
      orderId: String(orderId),
      customerId,
      totalCents: String(totalCents),
      currency,
    };
    const key = `order:${orderId}`;
    this.outbox.add({ topic, key, payload: event });
    this.outbox.add({ topic: ORDER_FEED, key, payload: { event: topic, ...event } });
  }
}
