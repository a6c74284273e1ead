import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { StockItem } from '../generated/prisma/client.js';

export const MAX_STOCK = 1_000_000_000;

/**
 * The quantities on the shelves. They change by one conditional UPDATE each and never by a read and a write, so that
 * any number of simultaneous changes leaves the sum right: PostgreSQL holds the row and looks at the condition again
 * before it changes it.
 */
@Injectable()
export class StockRepository extends RepositoryFor('stockItem') {
  async findByProduct(productId: number): Promise<StockItem | null> {
    return await this.findById({ productId });
  }

  /** Takes `quantity` pieces away if that many are there; otherwise changes nothing and says false. */
  async take(productId: number, quantity: number): Promise<boolean> {
    const { count } = await this.delegate.updateMany({
      where: { productId, quantity: { gte: quantity } },
      data: { quantity: { decrement: quantity } },
    });
    return count === 1;
  }

  /** Adds `delta` pieces, which may be negative, if the result is in [0, MAX_STOCK]; otherwise null and no change. */
  async adjust(productId: number, delta: number): Promise<StockItem | null> {
    const [item] = await this.delegate.updateManyAndReturn({
      where: { productId, quantity: { gte: -delta, lte: MAX_STOCK - delta } },
      data: { quantity: { increment: delta } },
    });
    return item ?? null;
  }
}
