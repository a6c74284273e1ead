import { ApiProperty } from '@nestjs/swagger';

const CENTS = { type: 'integer', minimum: 0 } as const;

export class PricesOfCategoryView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly categoryId!: number;

  @ApiProperty({ type: String, example: 'Lighting' })
  readonly category!: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'How many products are for sale.', example: 97 })
  readonly products!: number;

  @ApiProperty({ ...CENTS, example: 1990 })
  readonly cheapestCents!: number;

  @ApiProperty({ ...CENTS, example: 89_900 })
  readonly dearestCents!: number;

  @ApiProperty({ ...CENTS, description: 'The mean of the prices, to the cent.', example: 24_310 })
  readonly averageCents!: number;
}

export class PriceSummaryView {
  @ApiProperty({ type: String, description: 'ISO 4217; prices in other currencies are not counted.' })
  readonly currency!: string;

  @ApiProperty({ type: 'integer', minimum: 0 })
  readonly products!: number;

  @ApiProperty({ ...CENTS, nullable: true })
  readonly cheapestCents!: number | null;

  @ApiProperty({ ...CENTS, nullable: true })
  readonly dearestCents!: number | null;

  @ApiProperty({ type: [PricesOfCategoryView], description: 'Those with products for sale.' })
  readonly categories!: PricesOfCategoryView[];
}
