import { ApiProperty } from '@nestjs/swagger';
import type { OrderNotice } from '../generated/prisma/client.js';
import { OrderView } from '../orders/order.view.js';
import { CARD_ORDER_STATUSES, reasonFor, type CardOrder, type CardOrderStatus } from './card-order.js';

export class OrderNoticeView {
  @ApiProperty({ type: String, example: 'Thank you for order 5001. It is paid for.' })
  readonly text: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly sentAt: Date;

  constructor({ text, sentAt }: OrderNotice) {
    this.text = text;
    this.sentAt = sentAt;
  }
}

export class CardOrderView {
  @ApiProperty({ type: String, description: "The customer's own key.", example: 'cart-17' })
  readonly key: string;

  @ApiProperty({
    enum: CARD_ORDER_STATUSES,
    enumName: 'CardOrderStatus',
    description:
      '`PROCESSING`: ask again in a moment. `CONFIRMED`: it is paid for. `DECLINED`, `REFUSED`, `FAILED`, `CANCELLED`: it came to nothing, and nothing was charged. `IN_REVIEW`: the shop looks into it.',
  })
  readonly status: CardOrderStatus;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why it came to nothing; null where it did not.',
  })
  readonly reason: string | null;

  @ApiProperty({
    type: OrderView,
    nullable: true,
    description: 'Null before the goods are set aside, and where they could not be.',
  })
  readonly order: OrderView | null;

  @ApiProperty({ type: [OrderNoticeView], description: 'What the customer was told.' })
  readonly notices: OrderNoticeView[];

  constructor(found: CardOrder) {
    const { key, status, payment } = found;
    this.key = key;
    this.status = status;
    this.reason = reasonFor(found);
    this.order = payment === null ? null : new OrderView(payment.order);
    this.notices = (payment?.order.notices ?? []).map((notice) => new OrderNoticeView(notice));
  }
}
