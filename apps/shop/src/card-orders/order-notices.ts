import { Injectable, Logger } from '@nestjs/common';
import { OutboxHandler, RepositoryFor, type OutboxMessage } from 'nestjs-database';
import type { OrderEvent } from './order-events.js';

@Injectable()
export class OrderNoticeRepository extends RepositoryFor('orderNotice') {}

/**
 * Writes to customers what has become of their orders; the letters are rows here. A message may be delivered more than once,
 * and always with the same id: a second row with it is not written.
 */
@Injectable()
export class OrderNotices {
  private readonly logger = new Logger('Letters');

  constructor(private readonly notices: OrderNoticeRepository) {}

  @OutboxHandler('order.confirmed')
  async confirmed(message: OutboxMessage): Promise<void> {
    await this.write(message, ({ orderId }) => `Thank you for order ${orderId}. It is paid for.`);
  }

  @OutboxHandler('order.refunded')
  async refunded(message: OutboxMessage): Promise<void> {
    await this.write(message, ({ orderId }) => `The money for order ${orderId} is on its way back to you.`);
  }

  private async write(message: OutboxMessage, say: (event: OrderEvent) => string): Promise<void> {
    const { id: messageId, topic, payload } = message;
    const event = payload as OrderEvent;
    const text = say(event);
    const row = { messageId, orderId: BigInt(event.orderId), topic, text };
    const { count } = await this.notices.createMany({ data: [row], skipDuplicates: true });
    if (count > 0) this.logger.log(`To customer ${event.customerId}: ${text}`);
  }
}
