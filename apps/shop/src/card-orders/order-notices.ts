import { Injectable, Logger } from '@nestjs/common';
import { OutboxHandler, RepositoryFor, type OutboxMessage } from 'nestjs-database';
import { ORDER_LETTERS, type OrderEvent, type OrderEventName } from './order-events.js';

@Injectable()
export class OrderNoticeRepository extends RepositoryFor('orderNotice') {}

const TEXTS: { readonly [Name in OrderEventName]: (orderId: string) => string } = {
  'order.confirmed': (orderId) => `Thank you for order ${orderId}. It is paid for.`,
  'order.refunded': (orderId) => `The money for order ${orderId} is on its way back to you.`,
};

/**
 * Writes to customers what has become of their orders; the letters are rows here. A message may be delivered more than once,
 * and always with the same id: a second row with it is not written.
 */
@Injectable()
export class OrderNotices {
  private readonly logger = new Logger('Letters');

  constructor(private readonly notices: OrderNoticeRepository) {}

  @OutboxHandler(ORDER_LETTERS)
  async write({ id: messageId, payload }: OutboxMessage): Promise<void> {
    const { event: topic, orderId, customerId } = payload as OrderEvent;
    const text = TEXTS[topic](orderId);
    const row = { messageId, orderId: BigInt(orderId), topic, text };
    const { count } = await this.notices.createMany({ data: [row], skipDuplicates: true });
    if (count > 0) this.logger.log(`To customer ${customerId}: ${text}`);
  }
}
