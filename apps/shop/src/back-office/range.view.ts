import { ApiProperty } from '@nestjs/swagger';
import type { CountedOffsetPage } from 'nestjs-database';
import type { Product } from '../generated/prisma/client.js';
import { ProductView } from '../products/product.view.js';

export class RangeProductView extends ProductView {
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it was taken out of the range; null where it is in it.',
  })
  readonly withdrawnAt: Date | null;

  constructor(product: Product) {
    super(product);
    this.withdrawnAt = product.deletedAt;
  }
}

export class RangePageView {
  @ApiProperty({ type: [RangeProductView] })
  readonly items: RangeProductView[];

  @ApiProperty({ type: 'integer', minimum: 1, description: 'The number of this page.' })
  readonly page: number;

  @ApiProperty({ type: 'integer', minimum: 1 })
  readonly pageSize: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'How many products there are on all pages.' })
  readonly totalCount: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'How many pages there are.' })
  readonly pageCount: number;

  constructor({ items, page, pageSize, totalCount, pageCount }: CountedOffsetPage<Product>) {
    this.items = items.map((product) => new RangeProductView(product));
    this.page = page;
    this.pageSize = pageSize;
    this.totalCount = totalCount;
    this.pageCount = pageCount;
  }
}
