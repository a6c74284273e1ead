import { Injectable } from '@nestjs/common';
import { CheckViolationError, RecordNotFoundError, StaleVersionError, Transactional } from 'nestjs-database';
import type { PriceChange, Product } from '../generated/prisma/client.js';
import type { ChangedPriceDto } from './price-change.dto.js';
import type { PriceChangeOutcomeView } from './price-change.view.js';
import { PriceChangeRepository } from './price-change.repository.js';
import { ProductNotFoundError } from './product.errors.js';
import { ProductRepository } from './product.repository.js';

export type Priced = Pick<Product, 'id' | 'version' | 'priceCents'>;

/**
 * New prices with a row for each that says why. The list is one transaction, and each price a part of it that is taken back
 * alone, with its row: somebody who reads sees all that was accepted, or nothing yet.
 */
@Injectable()
export class PriceChangeService {
  constructor(
    private readonly products: ProductRepository,
    private readonly changes: PriceChangeRepository,
  ) {}

  /** @throws {ProductNotFoundError} */
  async history(productId: number): Promise<PriceChange[]> {
    if ((await this.products.findById(productId)) === null) throw new ProductNotFoundError(productId);
    return await this.changes.latestOf(productId);
  }

  /** What became of each price, in their order. */
  @Transactional()
  async apply(prices: readonly ChangedPriceDto[], reason: string): Promise<PriceChangeOutcomeView[]> {
    const known = await this.products.findMany({
      where: { sku: { in: prices.map(({ sku }) => sku) } },
      select: { id: true, sku: true, version: true, priceCents: true },
    });
    const bySku = new Map(known.map((product) => [product.sku, product]));
    const idOf = (sku: string) => bySku.get(sku)?.id ?? 0;
    const outcomes = new Map<string, PriceChangeOutcomeView>();
    // By ascending id, in which everybody who changes several products locks them.
    for (const { sku, priceCents } of prices.toSorted((left, right) => idOf(left.sku) - idOf(right.sku))) {
      outcomes.set(sku, { sku, ...(await this.attempt(bySku.get(sku), priceCents, reason)) });
    }
    return prices.flatMap(({ sku }) => outcomes.get(sku) ?? []);
  }

  private async attempt(
    product: Priced | undefined,
    priceCents: number,
    reason: string,
  ): Promise<Omit<PriceChangeOutcomeView, 'sku'>> {
    if (product === undefined) return { outcome: 'unknown' };
    if (product.priceCents === priceCents) return { outcome: 'same' };
    try {
      return { outcome: 'changed', version: await this.change(product, priceCents, reason) };
    } catch (error) {
      // What is said about this price alone. Anything else, a deadlock or a lost connection, is the end of the whole list.
      if (error instanceof StaleVersionError) return { outcome: 'changed-meanwhile' };
      if (error instanceof RecordNotFoundError) return { outcome: 'unknown' };
      if (error instanceof CheckViolationError) return { outcome: 'refused' };
      throw error;
    }
  }

  /**
   * The price and the row about it, or neither: a part of the transaction it is called in, or one of its own. The row is
   * written first, so that nothing is changed that is not written down; the database itself refuses a price below zero.
   */
  @Transactional({ propagation: 'NESTED' })
  async change({ id, version, priceCents }: Priced, newPriceCents: number, reason: string): Promise<number> {
    await this.changes.create({ data: { productId: id, oldPriceCents: priceCents, newPriceCents, reason } });
    return await this.products.reprice(id, version, newPriceCents);
  }
}
