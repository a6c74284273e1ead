import { ApiProperty } from '@nestjs/swagger';
import type { Sold } from './report-days.js';

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

  constructor({ from, to, currency }: Sold) {
    this.from = from;
    this.to = to;
    this.currency = currency;
  }
}

class SalesView {
  @ApiProperty({ type: 'integer', description: 'Orders that were not cancelled.', example: 14 })
  readonly orders!: number;

  @ApiProperty({ ...DIGITS, example: '37' })
  readonly pieces!: string;

  @ApiProperty({ ...DIGITS, description: 'In cents, as text.', example: '228800' })
  readonly revenueCents!: string;
}

export class SalesOfDayView extends SalesView {
  @ApiProperty(DAY)
  readonly day!: string;
}

export class SalesOfProductView extends SalesView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId!: number;

  @ApiProperty({ type: String, example: 'LIGHT-0001' })
  readonly sku!: string;

  @ApiProperty({ type: String, description: 'The name it has today.', example: 'Brass Reading Lamp' })
  readonly name!: string;
}

export class SalesByDayView extends ReportView {
  @ApiProperty({ enum: ['day'] })
  readonly by = 'day';

  @ApiProperty({ type: [SalesOfDayView], description: 'Every day, those without a sale included.' })
  readonly rows: readonly SalesOfDayView[];

  constructor(sold: Sold, rows: readonly SalesOfDayView[]) {
    super(sold);
    this.rows = rows;
  }
}

export class SalesByProductView extends ReportView {
  @ApiProperty({ enum: ['product'] })
  readonly by = 'product';

  @ApiProperty({
    type: [SalesOfProductView],
    description: 'The best first, without those that were not sold.',
  })
  readonly rows: readonly SalesOfProductView[];

  constructor(sold: Sold, rows: readonly SalesOfProductView[]) {
    super(sold);
    this.rows = rows;
  }
}

export class TopCustomerView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly customerId!: number;

  @ApiProperty({ type: String, example: 'Ada Fischer' })
  readonly name!: string;

  @ApiProperty({ type: 'integer', description: 'Orders that were not cancelled.', example: 9 })
  readonly orders!: number;

  @ApiProperty({ ...DIGITS, description: 'In cents, as text.', example: '99800' })
  readonly revenueCents!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly lastOrderAt!: Date;
}

export class TopCustomersView extends ReportView {
  @ApiProperty({ type: [TopCustomerView] })
  readonly rows: readonly TopCustomerView[];

  constructor(sold: Sold, rows: readonly TopCustomerView[]) {
    super(sold);
    this.rows = rows;
  }
}

export class LowStockView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId!: number;

  @ApiProperty({ type: String, example: 'LIGHT-0001' })
  readonly sku!: string;

  @ApiProperty({ type: String, example: 'Brass Reading Lamp' })
  readonly name!: string;

  @ApiProperty({ type: 'integer', example: 3 })
  readonly quantity!: number;

  @ApiProperty({ type: 'integer', example: 10 })
  readonly reorderLevel!: number;
}
