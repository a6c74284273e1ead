import { ApiProperty } from '@nestjs/swagger';
import type { Register } from '../generated/prisma/client.js';
import { dayText } from './business-day.js';
import type { Takings } from './day-takings.js';
import type { EndOfDay } from './end-of-day.service.js';
import type { ClosedRegister } from './register.service.js';
import { TILL_CURRENCY } from './till-currency.js';

const DAY = { type: String, format: 'date', example: '2025-12-31' } as const;
const CENTS = { type: String, pattern: '^-?\\d+$', description: 'In cents, as text.' } as const;

export class RegisterView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly id: number;

  @ApiProperty({ type: String, example: 'Till 1' })
  readonly name: string;

  @ApiProperty({ ...DAY, nullable: true, description: 'The day it is open for; null while it is closed.' })
  readonly openDay: string | null;

  @ApiProperty({ type: 'integer', description: 'The number of its last receipt.', example: 17 })
  readonly lastReceiptNo: number;

  constructor({ id, name, openDay, lastReceiptNo }: Register) {
    this.id = id;
    this.name = name;
    this.openDay = openDay === null ? null : dayText(openDay);
    this.lastReceiptNo = lastReceiptNo;
  }
}

class TakingsView implements Takings {
  @ApiProperty({ type: 'integer', description: 'How many sales there were.' })
  readonly sales: number;

  @ApiProperty(CENTS)
  readonly salesCents: bigint;

  @ApiProperty({ type: 'integer', description: 'How many refunds there were.' })
  readonly refunds: number;

  @ApiProperty(CENTS)
  readonly refundCents: bigint;

  @ApiProperty({ ...CENTS, description: 'Paid in cash less paid back, in cents, as text.' })
  readonly cashCents: bigint;

  @ApiProperty({ type: String, description: 'ISO 4217.', example: TILL_CURRENCY })
  readonly currency: string = TILL_CURRENCY;

  constructor({ sales, salesCents, refunds, refundCents, cashCents }: Takings) {
    this.sales = sales;
    this.salesCents = salesCents;
    this.refunds = refunds;
    this.refundCents = refundCents;
    this.cashCents = cashCents;
  }
}

export class RegisterClosingView extends TakingsView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly registerId: number;

  @ApiProperty(DAY)
  readonly day: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly closedAt: Date;

  @ApiProperty({ type: Boolean, description: 'Whether it was the last one, and ended the day of the shop.' })
  readonly dayClosed: boolean;

  constructor(closing: ClosedRegister) {
    super(closing);
    this.registerId = closing.registerId;
    this.day = dayText(closing.day);
    this.closedAt = closing.closedAt;
    this.dayClosed = closing.dayClosed;
  }
}

export class EndOfDayView extends TakingsView {
  @ApiProperty(DAY)
  readonly day: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the day ended; null before.',
  })
  readonly closedAt: Date | null;

  @ApiProperty({
    type: 'array',
    items: { type: 'integer' },
    description: 'The registers that are still open for the day.',
  })
  readonly openRegisters: readonly number[];

  @ApiProperty({ ...CENTS, description: 'Of all goods at this moment, at its prices, in cents, as text.' })
  readonly stockValueCents: string;

  constructor(report: EndOfDay) {
    super(report);
    this.day = dayText(report.day);
    this.closedAt = report.closedAt;
    this.openRegisters = report.openRegisters;
    this.stockValueCents = report.stockValueCents.toFixed(0);
  }
}
