import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export const PRICE_OUTCOMES = ['changed', 'same', 'unknown', 'changed-meanwhile', 'failed'] as const;

export class PriceOutcomeView {
  @ApiProperty({ type: String, example: 'LIGHT-0001' })
  readonly sku!: string;

  @ApiProperty({
    enum: PRICE_OUTCOMES,
    description:
      '`unknown`: no such product in the range. `changed-meanwhile`: somebody else was faster; nothing was changed.',
  })
  readonly outcome!: (typeof PRICE_OUTCOMES)[number];

  @ApiPropertyOptional({
    type: 'integer',
    description: 'The version of the product by now, where it was changed.',
  })
  readonly version?: number;

  @ApiPropertyOptional({
    type: String,
    description: 'With `failed`: what the database said.',
    example: 'DEADLOCK',
  })
  readonly code?: string;
}

export class PriceListView {
  @ApiProperty({ type: 'integer', description: 'How many prices are new.', example: 230 })
  readonly changed!: number;

  @ApiProperty({ type: [PriceOutcomeView], description: 'One for each price, in their order.' })
  readonly outcomes!: PriceOutcomeView[];
}
