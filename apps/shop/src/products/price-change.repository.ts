import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { PriceChange } from '../generated/prisma/client.js';

const SHOWN = 100;

@Injectable()
export class PriceChangeRepository extends RepositoryFor('priceChange') {
  /** The latest changes, the last one first. */
  async latestOf(productId: number): Promise<PriceChange[]> {
    return await this.findMany({ where: { productId }, orderBy: { id: 'desc' }, take: SHOWN });
  }
}
