import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { PriceChange } from '../generated/prisma/client.js';

export const PRICE_CHANGE_OUTCOMES = ['changed', 'same', 'unknown', 'changed-meanwhile', 'refused'] as const;

export class PriceChangeOutcomeView {
  @ApiProperty({ type: String, example: 'LIGHT-0001' })
  readonly sku!: string;

  @ApiProperty({
    enum: PRICE_CHANGE_OUTCOMES,
    description:
      '`unknown`: no such product in the range. `changed-meanwhile`: somebody else was faster. `refused`: no such price is possible.',
  })
  readonly outcome!: (typeof PRICE_CHANGE_OUTCOMES)[number];

  @ApiPropertyOptional({
    type: 'integer',
    description: 'The version of the product by now, where it was changed.',
  })
  readonly version?: number;
}

export class PriceChangeReportView {
  @ApiProperty({ type: 'integer', description: 'How many prices are new.', example: 12 })
  readonly changed: number;

  @ApiProperty({ type: [PriceChangeOutcomeView], description: 'One for each price, in their order.' })
  readonly outcomes: PriceChangeOutcomeView[];

  constructor(outcomes: PriceChangeOutcomeView[]) {
    this.changed = outcomes.filter(({ outcome }) => outcome === 'changed').length;
    this.outcomes = outcomes;
  }
}

export class PriceChangeView {
  @ApiProperty({ type: 'integer', description: 'In cents.', example: 5990 })
  readonly oldPriceCents: number;

  @ApiProperty({ type: 'integer', description: 'In cents.', example: 4990 })
  readonly newPriceCents: number;

  @ApiProperty({ type: String, example: 'Spring sale' })
  readonly reason: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly changedAt: Date;

  constructor({ oldPriceCents, newPriceCents, reason, changedAt }: PriceChange) {
    this.oldPriceCents = oldPriceCents;
    this.newPriceCents = newPriceCents;
    this.reason = reason;
    this.changedAt = changedAt;
  }
}
