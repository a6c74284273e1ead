import { ApiProperty } from '@nestjs/swagger';
import { OrderStatus } from '../generated/prisma/client.js';
import { PageOf } from '../http/page.js';
import type { OrderWithItems } from './order.repository.js';

const CENTS = { type: String, pattern: '^\\d+$', example: '9980' } as const;

export class OrderItemView {
  @ApiProperty({ type: 'integer', description: 'Counts from 1 within the order.', example: 1 })
  readonly lineNo: number;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({
    type: String,
    description: 'The name the product has today.',
    example: 'Brass Reading Lamp',
  })
  readonly productName: string;

  @ApiProperty({ type: 'integer', example: 2 })
  readonly quantity: number;

  @ApiProperty({
    type: 'integer',
    description: 'In cents, as it was when the order was placed.',
    example: 4990,
  })
  readonly unitPriceCents: number;

  @ApiProperty({
    ...CENTS,
    description: 'In cents; a text, as it can exceed what JSON numbers hold exactly.',
  })
  readonly lineTotalCents: bigint;

  constructor(item: OrderWithItems['items'][number]) {
    this.lineNo = item.lineNo;
    this.productId = item.productId;
    this.productName = item.product.name;
    this.quantity = item.quantity;
    this.unitPriceCents = item.unitPriceCents;
    this.lineTotalCents = item.lineTotalCents;
  }
}

export class OrderView {
  @ApiProperty({ type: String, pattern: '^\\d+$', description: 'A 64-bit number, as text.', example: '5001' })
  readonly id: bigint;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly customerId: number;

  @ApiProperty({ enum: OrderStatus, enumName: 'OrderStatus' })
  readonly status: OrderStatus;

  @ApiProperty({ ...CENTS, description: 'Sum of the lines in cents, as text.' })
  readonly totalCents: bigint;

  @ApiProperty({ type: String, description: 'ISO 4217.', example: 'EUR' })
  readonly currency: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly placedAt: Date;

  @ApiProperty({ type: [OrderItemView] })
  readonly items: OrderItemView[];

  constructor(order: OrderWithItems) {
    this.id = order.id;
    this.customerId = order.customerId;
    this.status = order.status;
    this.totalCents = order.totalCents;
    this.currency = order.currency;
    this.placedAt = order.placedAt;
    this.items = order.items.map((item) => new OrderItemView(item));
  }
}

export class OrderPageView extends PageOf(OrderView) {}
