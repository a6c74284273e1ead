import { ApiProperty } from '@nestjs/swagger';
import { dayText } from '../registers/business-day.js';
import type { RefundWithLines } from './refund.repository.js';

const CENTS = {
  type: String,
  pattern: '^\\d+$',
  description: 'In cents, as text.',
  example: '4990',
} as const;
const ID = {
  type: String,
  pattern: '^\\d+$',
  description: 'A 64-bit number, as text.',
  example: '1',
} as const;

export class RefundLineView {
  @ApiProperty({ type: 'integer', description: 'The line of the sale or the order.', example: 1 })
  readonly lineNo: number;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly quantity: number;

  @ApiProperty(CENTS)
  readonly amountCents: bigint;

  constructor(line: RefundWithLines['lines'][number]) {
    this.lineNo = line.lineNo;
    this.productId = line.productId;
    this.quantity = line.quantity;
    this.amountCents = line.amountCents;
  }
}

export class RefundView {
  @ApiProperty(ID)
  readonly id: bigint;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly registerId: number;

  @ApiProperty({ type: 'integer', description: "The register's number for it; they have no gaps." })
  readonly refundNo: number;

  @ApiProperty({ type: String, format: 'date', example: '2025-12-31' })
  readonly businessDay: string;

  @ApiProperty({ ...ID, nullable: true, description: 'The sale it is for; null where it is for an order.' })
  readonly saleId: bigint | null;

  @ApiProperty({ ...ID, nullable: true, description: 'The order it is for; null where it is for a sale.' })
  readonly orderId: bigint | null;

  @ApiProperty(CENTS)
  readonly amountCents: bigint;

  @ApiProperty({ type: String, description: 'ISO 4217.', example: 'EUR' })
  readonly currency: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly refundedAt: Date;

  @ApiProperty({ type: [RefundLineView] })
  readonly lines: RefundLineView[];

  constructor(refund: RefundWithLines) {
    this.id = refund.id;
    this.registerId = refund.registerId;
    this.refundNo = refund.refundNo;
    this.businessDay = dayText(refund.businessDay);
    this.saleId = refund.saleId;
    this.orderId = refund.orderId;
    this.amountCents = refund.amountCents;
    this.currency = refund.currency;
    this.refundedAt = refund.refundedAt;
    this.lines = refund.lines.map((line) => new RefundLineView(line));
  }
}
