import { ApiProperty } from '@nestjs/swagger';
import type { LowStock, Sales, SalesOfDay, SalesOfProduct, TopCustomer } from './report.queries.js';
import type { ReportQuery } from './report.dto.js';

const DIGITS = { type: String, pattern: '^\\d+$' } as const;
const DAY = { type: String, format: 'date', example: '2025-12-31' } as const;

/** What every report of sales begins with. */
class ReportView {
  @ApiProperty(DAY)
  readonly from: string;

  @ApiProperty(DAY)
  readonly to: string;

  @ApiProperty({ type: String, description: 'ISO 4217; orders in other currencies are not counted.' })
  readonly currency: string;

  constructor({ from, to, currency }: ReportQuery) {
    this.from = from;
    this.to = to;
    this.currency = currency;
  }
}

class SalesView {
  @ApiProperty({ type: 'integer', description: 'Orders that were not cancelled.', example: 14 })
  readonly orders: number;

  @ApiProperty({ ...DIGITS, example: '37' })
  readonly pieces: string;

  @ApiProperty({ ...DIGITS, description: 'In cents, as text.', example: '228800' })
  readonly revenueCents: string;

  constructor({ orders, pieces, revenueCents }: Sales) {
    this.orders = orders;
    this.pieces = pieces;
    this.revenueCents = revenueCents;
  }
}

export class SalesOfDayView extends SalesView {
  @ApiProperty(DAY)
  readonly day: string;

  constructor(row: SalesOfDay) {
    super(row);
    this.day = row.day;
  }
}

export class SalesOfProductView extends SalesView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ type: String, example: 'LIGHT-0001' })
  readonly sku: string;

  @ApiProperty({ type: String, description: 'The name it has today.', example: 'Brass Reading Lamp' })
  readonly name: string;

  constructor(row: SalesOfProduct) {
    super(row);
    this.productId = row.productId;
    this.sku = row.sku;
    this.name = row.name;
  }
}

export class SalesByDayView extends ReportView {
  @ApiProperty({ enum: ['day'] })
  readonly by = 'day';

  @ApiProperty({ type: [SalesOfDayView], description: 'Every day, those without a sale included.' })
  readonly rows: SalesOfDayView[];

  constructor(query: ReportQuery, rows: readonly SalesOfDay[]) {
    super(query);
    this.rows = rows.map((row) => new SalesOfDayView(row));
  }
}

export class SalesByProductView extends ReportView {
  @ApiProperty({ enum: ['product'] })
  readonly by = 'product';

  @ApiProperty({
    type: [SalesOfProductView],
    description: 'The best first, without those that were not sold.',
  })
  readonly rows: SalesOfProductView[];

  constructor(query: ReportQuery, rows: readonly SalesOfProduct[]) {
    super(query);
    this.rows = rows.map((row) => new SalesOfProductView(row));
  }
}

export class TopCustomerView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly customerId: number;

  @ApiProperty({ type: String, example: 'Ada Fischer' })
  readonly name: string;

  @ApiProperty({ type: 'integer', description: 'Orders that were not cancelled.', example: 9 })
  readonly orders: number;

  @ApiProperty({ ...DIGITS, description: 'In cents, as text.', example: '99800' })
  readonly revenueCents: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly lastOrderAt: string;

  constructor({ customerId, name, orders, revenueCents, lastOrderAt }: TopCustomer) {
    this.customerId = customerId;
    this.name = name;
    this.orders = orders;
    this.revenueCents = revenueCents;
    this.lastOrderAt = lastOrderAt.toISOString();
  }
}

export class TopCustomersView extends ReportView {
  @ApiProperty({ type: [TopCustomerView] })
  readonly rows: TopCustomerView[];

  constructor(query: ReportQuery, rows: readonly TopCustomer[]) {
    super(query);
    this.rows = rows.map((row) => new TopCustomerView(row));
  }
}

export class LowStockView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ type: String, example: 'LIGHT-0001' })
  readonly sku: string;

  @ApiProperty({ type: String, example: 'Brass Reading Lamp' })
  readonly name: string;

  @ApiProperty({ type: 'integer', example: 3 })
  readonly quantity: number;

  @ApiProperty({ type: 'integer', example: 10 })
  readonly reorderLevel: number;

  constructor({ productId, sku, name, quantity, reorderLevel }: LowStock) {
    this.productId = productId;
    this.sku = sku;
    this.name = name;
    this.quantity = quantity;
    this.reorderLevel = reorderLevel;
  }
}
