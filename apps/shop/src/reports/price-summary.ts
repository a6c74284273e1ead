import { Injectable } from '@nestjs/common';
import { CategoryRepository } from '../products/category.repository.js';
import { ProductRepository } from '../products/product.repository.js';
import type { PriceSummaryView, PricesOfCategoryView } from './price-summary.view.js';

/** What the products that are for sale cost, by category: what a model can say needs no SQL. */
@Injectable()
export class PriceSummary {
  constructor(
    private readonly products: ProductRepository,
    private readonly categories: CategoryRepository,
  ) {}

  async read(currency: string): Promise<PriceSummaryView> {
    const where = { active: true, currency };
    const [groups, all] = await Promise.all([
      this.products.groupBy({
        by: ['categoryId'],
        where,
        _count: true,
        _min: { priceCents: true },
        _max: { priceCents: true },
        _avg: { priceCents: true },
        orderBy: { categoryId: 'asc' },
      }),
      this.products.aggregate({
        where,
        _count: true,
        _min: { priceCents: true },
        _max: { priceCents: true },
      }),
    ]);
    const categories = await this.categories.findByIds(groups.map(({ categoryId }) => categoryId));
    return {
      currency,
      products: all._count,
      cheapestCents: all._min.priceCents,
      dearestCents: all._max.priceCents,
      categories: groups.map(({ categoryId, _count, _min, _max, _avg }, index): PricesOfCategoryView => {
        return {
          categoryId,
          category: categories[index]?.name ?? '',
          products: _count,
          cheapestCents: _min.priceCents ?? 0,
          dearestCents: _max.priceCents ?? 0,
          averageCents: Math.round(_avg.priceCents ?? 0),
        };
      }),
    };
  }
}
