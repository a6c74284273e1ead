import { Injectable } from '@nestjs/common';
import { RepositoryFor, type BulkUpsertResult } from 'nestjs-database';
import type { Category, Prisma, Product, StockItem } from '../generated/prisma/client.js';
import type { Offer } from './offer.js';

export type ProductWithShelf = Product & { category: Category; stock: StockItem | null };

/** What may change of a product; its version is counted by the repository. */
export type ProductChanges = Omit<Prisma.ProductUncheckedUpdateInput, 'version' | 'deletedAt'>;

export type NewProduct = Prisma.ProductCreateManyInput;

const WITH_SHELF = { category: true, stock: true } as const;

/** The products of the range: one that was taken out of it is not among them, and can come back. */
@Injectable()
export class ProductRepository extends RepositoryFor('product', { softDelete: true, version: true }) {
  async findWithShelf(id: number): Promise<ProductWithShelf | null> {
    return await this.findById(id, { include: WITH_SHELF });
  }

  /** The offers that exist among `ids`, by id. */
  async findOffers(ids: readonly number[]): Promise<ReadonlyMap<number, Offer>> {
    const offers = await this.findMany({
      where: { id: { in: [...ids] } },
      select: { id: true, name: true, priceCents: true, currency: true, active: true },
    });
    return new Map(offers.map((offer) => [offer.id, offer]));
  }

  /** A product and its empty place on the shelf; stock arrives by an adjustment. */
  async createWithShelf(data: Prisma.ProductUncheckedCreateInput): Promise<ProductWithShelf> {
    return await this.create({ data: { ...data, stock: { create: { quantity: 0 } } }, include: WITH_SHELF });
  }

  /** @param version - that of the product the caller has seen */
  async change(id: number, version: number, data: ProductChanges): Promise<ProductWithShelf> {
    return await this.update({ where: { id, version }, data, include: WITH_SHELF });
  }

  /** The product's version from then on. */
  async reprice(id: number, version: number, priceCents: number): Promise<number> {
    const changed = await this.update({
      where: { id, version },
      data: { priceCents },
      select: { version: true },
    });
    return changed.version;
  }

  /** Orders that name it keep their lines, and its SKU stays taken. */
  async withdraw(id: number, version: number): Promise<void> {
    await this.delete({ where: { id, version } });
  }

  async bringBack(id: number): Promise<ProductWithShelf> {
    return await this.restore({ where: { id }, include: WITH_SHELF });
  }

  /** Adds what is new and changes what is known by its SKU; a new product gets its empty place on the shelf. */
  async importAll(products: readonly NewProduct[]): Promise<BulkUpsertResult> {
    return await this.db.withTransaction(async () => {
      const update = ['name', 'priceCents', 'weightKg', 'categoryId'] as const;
      const skus = products.map(({ sku }) => sku);
      // Locked from here on: the old price is the one that is replaced.
      await this.db.sql`
        WITH known AS (SELECT id, sku, price_cents FROM product WHERE sku = ANY(${skus}) ORDER BY id FOR UPDATE)
        INSERT INTO price_change (product_id, old_price_cents, new_price_cents, reason)
        SELECT known.id, known.price_cents, imported.price_cents, 'Import'
        FROM known JOIN unnest(${skus}::text[], ${products.map(({ priceCents }) => priceCents)}::int[])
          AS imported (sku, price_cents) USING (sku)
        WHERE known.price_cents <> imported.price_cents`;
      const result = await this.bulkUpsert(products, { on: ['sku'], update });
      await this.db.sql`
        INSERT INTO stock_item (product_id, updated_at)
        SELECT id, now() FROM product WHERE sku = ANY(${skus})
        ON CONFLICT DO NOTHING`;
      return result;
    });
  }
}
