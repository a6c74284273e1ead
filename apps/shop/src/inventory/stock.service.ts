import { Injectable } from '@nestjs/common';
import type { StockItem } from '../generated/prisma/client.js';
import { ProductNotFoundError } from '../products/product.errors.js';
import { StockOutOfRangeError } from './stock.errors.js';
import { MAX_STOCK, StockRepository } from './stock.repository.js';

@Injectable()
export class StockService {
  constructor(private readonly stock: StockRepository) {}

  /** @throws {ProductNotFoundError} */
  async get(productId: number): Promise<StockItem> {
    const item = await this.stock.findByProduct(productId);
    if (item === null) throw new ProductNotFoundError(productId);
    return item;
  }

  /**
   * @throws {ProductNotFoundError}
   * @throws {StockOutOfRangeError} when the stock would be negative or absurd; nothing was changed
   */
  async adjust(productId: number, delta: number): Promise<StockItem> {
    const adjusted = await this.stock.adjust(productId, delta);
    if (adjusted !== null) return adjusted;
    const { quantity } = await this.get(productId);
    throw new StockOutOfRangeError(productId, delta, quantity, MAX_STOCK);
  }
}
