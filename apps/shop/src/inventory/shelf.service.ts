import { Injectable } from '@nestjs/common';
import { Transactional } from 'nestjs-database';
import { InsufficientStockError } from './stock.errors.js';
import { StockRepository } from './stock.repository.js';
import { StockService } from './stock.service.js';
import type { WantedProduct } from './wanted-products.js';

/**
 * What leaves the shop floor with a customer, and what comes back. Both are parts of something greater, a sale or a return,
 * and are refused on their own.
 *
 * Everybody who changes stock goes through the products by ascending id, and holds the rows until the commit.
 */
@Injectable()
export class ShelfService {
  constructor(
    private readonly repository: StockRepository,
    private readonly stock: StockService,
  ) {}

  /**
   * @param wanted - by ascending product id
   * @param products - their names, for the message
   * @throws {InsufficientStockError} when a product is not there in that number; no stock is ever below zero
   */
  @Transactional({ propagation: 'MANDATORY' })
  async take(
    wanted: readonly WantedProduct[],
    products: ReadonlyMap<number, { readonly name: string }>,
  ): Promise<void> {
    for (const { productId, quantity } of wanted) {
      if (await this.repository.take(productId, quantity)) continue;
      const left = await this.repository.findByProduct(productId);
      const { name } = products.get(productId) ?? { name: '' };
      throw new InsufficientStockError({ id: productId, name }, quantity, left?.quantity ?? 0);
    }
  }

  /**
   * @param returned - by ascending product id
   * @throws {StockOutOfRangeError} when there would be more than a shelf can hold
   */
  @Transactional({ propagation: 'MANDATORY' })
  async putBack(returned: readonly WantedProduct[]): Promise<void> {
    for (const { productId, quantity } of returned) await this.stock.adjust(productId, quantity);
  }
}
