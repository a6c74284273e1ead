import { Injectable } from '@nestjs/common';
import {
  Prisma,
  PrismaClient,
  type Category,
  type Product,
  type StockItem,
} from '../../../apps/shop/src/generated/prisma/client.js';
import type { Offer } from '../../../apps/shop/src/products/offer.js';
import { defined } from '../../../apps/shop/src/http/defined.js';
import type { NewPriceDto } from '../../../apps/shop/src/products/price-list.dto.js';
import type { PriceListView, PriceOutcomeView } from '../../../apps/shop/src/products/price-list.view.js';
import type { CreateProductDto, UpdateProductDto } from '../../../apps/shop/src/products/product.dto.js';
import {
  CategoryNotFoundError,
  ProductChangedError,
  ProductNotFoundError,
  SkuTakenError,
} from '../../../apps/shop/src/products/product.errors.js';
import type {
  PriceSummaryView,
  PricesOfCategoryView,
} from '../../../apps/shop/src/reports/price-summary.view.js';

/*
 * The shop's own calls as they would be with the bare client, for `npm run check:types`: soft delete, versions and batches by
 * hand. It is compiled and never run; when the shop learns something, this learns it too.
 */

type ProductWithShelf = Product & { category: Category; stock: StockItem | null };
type ProductChanges = Omit<Prisma.ProductUncheckedUpdateInput, 'version' | 'deletedAt'>;

const WITH_SHELF = { category: true, stock: true } as const;

@Injectable()
export class BareProducts {
  constructor(private readonly prisma: PrismaClient) {}

  async findWithShelf(id: number): Promise<ProductWithShelf | null> {
    return await this.prisma.product.findUnique({ where: { id, deletedAt: null }, include: WITH_SHELF });
  }

  async findOffers(ids: readonly number[]): Promise<ReadonlyMap<number, Offer>> {
    const offers = await this.prisma.product.findMany({
      where: { id: { in: [...ids] }, deletedAt: null },
      select: { id: true, name: true, priceCents: true, currency: true, active: true },
    });
    return new Map(offers.map((offer) => [offer.id, offer]));
  }

  async createWithShelf(data: Prisma.ProductUncheckedCreateInput): Promise<ProductWithShelf> {
    return await this.prisma.product.create({
      data: { ...data, stock: { create: { quantity: 0 } } },
      include: WITH_SHELF,
    });
  }

  async change(id: number, version: number, data: ProductChanges): Promise<ProductWithShelf> {
    return await this.prisma.product.update({
      where: { id, version, deletedAt: null },
      data: { ...data, version: { increment: 1 } },
      include: WITH_SHELF,
    });
  }

  async reprice(id: number, version: number, priceCents: number): Promise<number> {
    const changed = await this.prisma.product.update({
      where: { id, version, deletedAt: null },
      data: { priceCents, version: { increment: 1 } },
      select: { version: true },
    });
    return changed.version;
  }

  async withdraw(id: number, version: number): Promise<void> {
    const data = { deletedAt: new Date(), version: { increment: 1 } };
    await this.prisma.product.update({ where: { id, version, deletedAt: null }, data });
  }

  async bringBack(id: number): Promise<ProductWithShelf> {
    const data = { deletedAt: null, version: { increment: 1 } };
    return await this.prisma.product.update({ where: { id }, data, include: WITH_SHELF });
  }

  async importAll(products: readonly Prisma.ProductCreateManyInput[]): Promise<number> {
    return await this.prisma.$transaction(async (tx) => {
      for (const product of products) {
        const { name, priceCents, weightKg, categoryId } = product;
        await tx.product.upsert({
          where: { sku: product.sku },
          create: product,
          update: { name, priceCents, weightKg, categoryId, version: { increment: 1 } },
        });
      }
      await tx.$executeRaw`
        INSERT INTO stock_item (product_id, updated_at)
        SELECT id, now() FROM product WHERE sku = ANY(${products.map(({ sku }) => sku)})
        ON CONFLICT DO NOTHING`;
      return products.length;
    });
  }
}

@Injectable()
export class BareProductService {
  constructor(
    private readonly products: BareProducts,
    private readonly prisma: PrismaClient,
  ) {}

  async get(id: number): Promise<ProductWithShelf> {
    const product = await this.products.findWithShelf(id);
    if (product === null) throw new ProductNotFoundError(id);
    return product;
  }

  async create(fields: CreateProductDto): Promise<ProductWithShelf> {
    const { sku, name, priceCents, weightKg, categoryId, ...optional } = fields;
    await this.assertCategory(categoryId);
    const data = { sku, name, priceCents, weightKg, categoryId, ...defined(optional) };
    return await this.withFreeSku(sku, () => this.products.createWithShelf(data));
  }

  async update(id: number, { version, ...changes }: UpdateProductDto): Promise<ProductWithShelf> {
    const { categoryId, sku, priceCents } = changes;
    if (categoryId !== undefined) await this.assertCategory(categoryId);
    return await this.withFreeSku(sku, () =>
      this.ofProduct(id, version, async () => {
        if (priceCents !== undefined) await this.noteNewPrice(id, priceCents);
        return await this.products.change(id, version, defined({ ...changes }));
      }),
    );
  }

  async withdraw(id: number, version: number): Promise<void> {
    await this.ofProduct(id, version, () => this.products.withdraw(id, version));
  }

  async bringBack(id: number): Promise<ProductWithShelf> {
    return await this.products.bringBack(id);
  }

  async importAll(products: readonly CreateProductDto[]): Promise<number> {
    return await this.products.importAll(
      products.map(({ sku, name, priceCents, weightKg, categoryId, ...optional }) => {
        return { sku, name, priceCents, weightKg, categoryId, ...defined(optional) };
      }),
    );
  }

  private async noteNewPrice(id: number, newPriceCents: number): Promise<void> {
    const { priceCents: oldPriceCents } = await this.prisma.product.findUniqueOrThrow({
      where: { id, deletedAt: null },
      select: { priceCents: true },
    });
    if (oldPriceCents === newPriceCents) return;
    const data = { productId: id, oldPriceCents, newPriceCents, reason: 'Edited' };
    await this.prisma.priceChange.create({ data });
  }

  private async assertCategory(id: number): Promise<void> {
    if ((await this.prisma.category.findUnique({ where: { id } })) === null)
      throw new CategoryNotFoundError(id);
  }

  private async withFreeSku<Result>(sku: string | undefined, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const { code } = error as Prisma.PrismaClientKnownRequestError;
      if (sku !== undefined && code === 'P2002') throw new SkuTakenError(sku);
      throw error;
    }
  }

  private async ofProduct<Result>(id: number, version: number, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const { code } = error as Prisma.PrismaClientKnownRequestError;
      if (code !== 'P2025') throw error;
      const found = await this.prisma.product.findUnique({ where: { id }, select: { version: true } });
      throw found === null
        ? new ProductNotFoundError(id)
        : new ProductChangedError(id, version, found.version);
    }
  }
}

@Injectable()
export class BarePriceListService {
  constructor(
    private readonly products: BareProducts,
    private readonly prisma: PrismaClient,
  ) {}

  async apply(prices: readonly NewPriceDto[]): Promise<PriceListView> {
    const found = await this.prisma.product.findMany({
      where: { sku: { in: prices.map(({ sku }) => sku) }, deletedAt: null },
      select: { id: true, sku: true, version: true, priceCents: true },
    });
    const known = new Map(found.map((product) => [product.sku, product]));
    const outcomes: PriceOutcomeView[] = [];
    for (const { sku, priceCents } of prices) {
      const product = known.get(sku);
      if (product === undefined) outcomes.push({ sku, outcome: 'unknown' });
      else if (product.priceCents === priceCents) outcomes.push({ sku, outcome: 'same' });
      else {
        const version = await this.products.reprice(product.id, product.version, priceCents);
        outcomes.push({ sku, outcome: 'changed', version });
      }
    }
    return { changed: outcomes.filter(({ outcome }) => outcome === 'changed').length, outcomes };
  }
}

@Injectable()
export class BarePriceSummary {
  constructor(private readonly prisma: PrismaClient) {}

  async read(currency: string): Promise<PriceSummaryView> {
    const where = { active: true, currency, deletedAt: null };
    const [groups, all] = await Promise.all([
      this.prisma.product.groupBy({
        by: ['categoryId'],
        where,
        _count: true,
        _min: { priceCents: true },
        _max: { priceCents: true },
        _avg: { priceCents: true },
        orderBy: { categoryId: 'asc' },
      }),
      this.prisma.product.aggregate({
        where,
        _count: true,
        _min: { priceCents: true },
        _max: { priceCents: true },
      }),
    ]);
    const ids = groups.map(({ categoryId }) => categoryId);
    const categories = await this.prisma.category.findMany({ where: { id: { in: ids } } });
    const names = new Map(categories.map(({ id, name }) => [id, name]));
    return {
      currency,
      products: all._count,
      cheapestCents: all._min.priceCents,
      dearestCents: all._max.priceCents,
      categories: groups.map(({ categoryId, _count, _min, _max, _avg }): PricesOfCategoryView => {
        return {
          categoryId,
          category: names.get(categoryId) ?? '',
          products: _count,
          cheapestCents: _min.priceCents ?? 0,
          dearestCents: _max.priceCents ?? 0,
          averageCents: Math.round(_avg.priceCents ?? 0),
        };
      }),
    };
  }
}
