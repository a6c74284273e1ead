import { ApiProperty } from '@nestjs/swagger';
import type { Category, Product } from '../generated/prisma/client.js';
import { PageOf } from '../http/page.view.js';
import type { ProductWithShelf } from './product.repository.js';

export class CategoryView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly id: number;

  @ApiProperty({ type: String, example: 'Lighting' })
  readonly name: string;

  @ApiProperty({ type: String, example: 'lighting' })
  readonly slug: string;

  constructor({ id, name, slug }: Category) {
    this.id = id;
    this.name = name;
    this.slug = slug;
  }
}

export class ProductView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly id: number;

  @ApiProperty({ type: String, example: 'LIGHT-0001' })
  readonly sku: string;

  @ApiProperty({ type: String, example: 'Brass Reading Lamp' })
  readonly name: string;

  @ApiProperty({ type: String, nullable: true })
  readonly description: string | null;

  @ApiProperty({ type: 'integer', description: 'In cents, tax included.', example: 4990 })
  readonly priceCents: number;

  @ApiProperty({ type: String, description: 'ISO 4217.', example: 'EUR' })
  readonly currency: string;

  @ApiProperty({ type: String, description: 'A decimal in kilograms, exact.', example: '1.250' })
  readonly weightKg: string;

  @ApiProperty({ type: Boolean, description: 'Whether it is for sale.' })
  readonly active: boolean;

  @ApiProperty({ type: 'integer', example: 1 })
  readonly categoryId: number;

  @ApiProperty({ type: 'integer', description: 'Counts the changes; a change has to name it.', example: 1 })
  readonly version: number;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly updatedAt: Date;

  constructor(product: Product) {
    this.id = product.id;
    this.sku = product.sku;
    this.name = product.name;
    this.description = product.description;
    this.priceCents = product.priceCents;
    this.currency = product.currency;
    this.weightKg = product.weightKg.toFixed(3);
    this.active = product.active;
    this.categoryId = product.categoryId;
    this.version = product.version;
    this.createdAt = product.createdAt;
    this.updatedAt = product.updatedAt;
  }
}

export class ShelfView {
  @ApiProperty({ type: 'integer', example: 40 })
  readonly quantity!: number;

  @ApiProperty({ type: 'integer', example: 10 })
  readonly reorderLevel!: number;
}

export class ProductDetailView extends ProductView {
  @ApiProperty({ type: CategoryView })
  readonly category: CategoryView;

  @ApiProperty({ type: ShelfView })
  readonly stock: ShelfView;

  constructor(product: ProductWithShelf) {
    super(product);
    this.category = new CategoryView(product.category);
    const { quantity = 0, reorderLevel = 0 } = product.stock ?? {};
    this.stock = { quantity, reorderLevel };
  }
}

export class ProductPageView extends PageOf(ProductView) {}

export class ImportView {
  @ApiProperty({ type: 'integer', description: 'How many products are new.', example: 12 })
  readonly inserted!: number;

  @ApiProperty({ type: 'integer', description: 'How many were known and were changed.', example: 230 })
  readonly updated!: number;

  @ApiProperty({
    type: 'integer',
    description: 'How many were left as they are, because they were taken out of the range.',
    example: 0,
  })
  readonly unchanged!: number;
}
