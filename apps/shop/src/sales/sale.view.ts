import { ApiProperty } from '@nestjs/swagger';
import { PaymentMethod } from '../generated/prisma/client.js';
import { dayText } from '../registers/business-day.js';
import type { SaleWithLines } from './sale.repository.js';

const CENTS = {
  type: String,
  pattern: '^\\d+$',
  description: 'In cents, as text.',
  example: '9980',
} as const;

export class SaleLineView {
  @ApiProperty({ type: 'integer', description: 'Counts from 1 within the sale.', example: 1 })
  readonly lineNo: number;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ type: String, description: 'The name the product has today.' })
  readonly productName: string;

  @ApiProperty({ type: 'integer', example: 2 })
  readonly quantity: number;

  @ApiProperty({ type: 'integer', description: 'How many of them were brought back.', example: 0 })
  readonly returned: number;

  @ApiProperty({ type: 'integer', description: 'In cents, as it was.', example: 4990 })
  readonly unitPriceCents: number;

  @ApiProperty(CENTS)
  readonly lineTotalCents: bigint;

  constructor(line: SaleWithLines['lines'][number]) {
    this.lineNo = line.lineNo;
    this.productId = line.productId;
    this.productName = line.product.name;
    this.quantity = line.quantity;
    this.returned = line.returned;
    this.unitPriceCents = line.unitPriceCents;
    this.lineTotalCents = line.lineTotalCents;
  }
}

export class PaymentView {
  @ApiProperty({ enum: PaymentMethod, enumName: 'PaymentMethod' })
  readonly method!: PaymentMethod;

  @ApiProperty(CENTS)
  readonly tenderedCents!: bigint;

  @ApiProperty({ ...CENTS, description: 'What was given back of it, in cents, as text.' })
  readonly changeCents!: bigint;
}

export class SaleView {
  @ApiProperty({ type: String, pattern: '^\\d+$', description: 'A 64-bit number, as text.', example: '1' })
  readonly id: bigint;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly registerId: number;

  @ApiProperty({
    type: 'integer',
    description: "The register's number for it; they have no gaps.",
    example: 17,
  })
  readonly receiptNo: number;

  @ApiProperty({ type: String, format: 'date', example: '2025-12-31' })
  readonly businessDay: string;

  @ApiProperty(CENTS)
  readonly totalCents: bigint;

  @ApiProperty({ type: String, description: 'ISO 4217.', example: 'EUR' })
  readonly currency: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly soldAt: Date;

  @ApiProperty({ type: PaymentView })
  readonly payment: PaymentView;

  @ApiProperty({ type: [SaleLineView] })
  readonly lines: SaleLineView[];

  constructor(sale: SaleWithLines) {
    this.id = sale.id;
    this.registerId = sale.registerId;
    this.receiptNo = sale.receiptNo;
    this.businessDay = dayText(sale.businessDay);
    this.totalCents = sale.totalCents;
    this.currency = sale.currency;
    this.soldAt = sale.soldAt;
    const { method = 'CASH', tenderedCents = 0n, amountCents = 0n } = sale.payment ?? {};
    this.payment = { method, tenderedCents, changeCents: tenderedCents - amountCents };
    this.lines = sale.lines.map((line) => new SaleLineView(line));
  }
}
