import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { StockTransfer } from '../generated/prisma/client.js';
import type { Place } from './place.js';
import type { WantedProduct } from './wanted-products.js';

@Injectable()
export class TransferRepository extends RepositoryFor('stockTransfer') {
  async record(from: Place, to: Place, lines: readonly WantedProduct[]): Promise<StockTransfer> {
    return await this.create({
      data: {
        fromStorageId: from.storageId,
        toStorageId: to.storageId,
        lines: { create: lines.map((line) => ({ ...line })) },
      },
    });
  }
}
