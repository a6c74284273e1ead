import { ApiProperty } from '@nestjs/swagger';
import { OrderStatus, type Customer, type Order, type OrderItem } from '../generated/prisma/client.js';
import { PageOf } from '../http/page.view.js';
import type { ListedOrder } from './order-list.js';
import type { OrderWithItems } from './order.repository.js';

const CENTS = { type: String, pattern: '^\\d+$', example: '9980' } as const;

export class OrderLineView {
  @ApiProperty({ type: 'integer', description: 'Counts from 1 within the order.', example: 1 })
  readonly lineNo: number;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

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

  constructor(item: OrderItem) {
    this.lineNo = item.lineNo;
    this.productId = item.productId;
    this.quantity = item.quantity;
    this.unitPriceCents = item.unitPriceCents;
    this.lineTotalCents = item.lineTotalCents;
  }
}

export class OrderItemView extends OrderLineView {
  @ApiProperty({
    type: String,
    description: 'The name the product has today.',
    example: 'Brass Reading Lamp',
  })
  readonly productName: string;

  constructor(item: OrderWithItems['items'][number]) {
    super(item);
    this.productName = item.product.name;
  }
}

class OrderHeadView {
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

  constructor(order: Order) {
    this.id = order.id;
    this.customerId = order.customerId;
    this.status = order.status;
    this.totalCents = order.totalCents;
    this.currency = order.currency;
    this.placedAt = order.placedAt;
  }
}

export class OrderView extends OrderHeadView {
  @ApiProperty({ type: [OrderItemView] })
  readonly items: OrderItemView[];

  constructor(order: OrderWithItems) {
    super(order);
    this.items = order.items.map((item) => new OrderItemView(item));
  }
}

class BuyerView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly id: number;

  @ApiProperty({ type: String, example: 'Ada Fischer' })
  readonly name: string;

  constructor({ id, name }: Customer) {
    this.id = id;
    this.name = name;
  }
}

/** An order in a list: with the customer's name, and without those of the products. */
export class ListedOrderView extends OrderHeadView {
  @ApiProperty({ type: BuyerView })
  readonly customer: BuyerView;

  @ApiProperty({ type: [OrderLineView] })
  readonly items: OrderLineView[];

  constructor({ order, customer, items }: ListedOrder) {
    super(order);
    this.customer = new BuyerView(customer);
    this.items = items.map((item) => new OrderLineView(item));
  }
}

export class OrderPageView extends PageOf(ListedOrderView) {}
