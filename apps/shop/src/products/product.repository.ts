import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { Category, Prisma, Product, StockItem } from '../generated/prisma/client.js';
import { literally } from '../http/like-pattern.js';
import type { Page, PageQuery } from '../http/page.js';

export type ProductWithShelf = Product & { category: Category; stock: StockItem | null };

/** What an order has to know about a product. */
export type Offer = Pick<Product, 'id' | 'name' | 'priceCents' | 'currency' | 'active'>;

export interface ProductFilter {
  readonly categoryId?: number | undefined;
  /** Part of the name, in any case. */
  readonly search?: string | undefined;
}

const WITH_SHELF = { category: true, stock: true } as const;

@Injectable()
export class ProductRepository extends RepositoryFor('product') {
  async findPage({ categoryId, search }: ProductFilter, { skip, take }: PageQuery): Promise<Page<Product>> {
    const where: Prisma.ProductWhereInput = {
      ...(categoryId !== undefined && { categoryId }),
      ...(search !== undefined && { name: { contains: literally(search), mode: 'insensitive' } }),
    };
    const [rows, total] = await Promise.all([
      this.findMany({ where, skip, take, orderBy: { id: 'asc' } }),
      this.count({ where }),
    ]);
    return { rows, total };
  }

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

  async change(id: number, data: Prisma.ProductUncheckedUpdateInput): Promise<ProductWithShelf> {
    return await this.update({ where: { id }, data, include: WITH_SHELF });
  }
}
