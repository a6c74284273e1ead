import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import { MAX_STOCK } from './stock.repository.js';

@Injectable()
export class StorageRepository extends RepositoryFor('storage') {}

/** The quantities in the storages; they change like those on the shop floor, by one conditional statement each. */
@Injectable()
export class StoredItemRepository extends RepositoryFor('storedItem') {
  /** 0 where it has never been there. */
  async quantityOf(productId: number, storageId: number): Promise<number> {
    const item = await this.findById({ productId_storageId: { productId, storageId } });
    return item?.quantity ?? 0;
  }

  /** Takes `quantity` pieces away if that many are there; otherwise changes nothing and says false. */
  async take(productId: number, storageId: number, quantity: number): Promise<boolean> {
    const { count } = await this.delegate.updateMany({
      where: { productId, storageId, quantity: { gte: quantity } },
      data: { quantity: { decrement: quantity } },
    });
    return count === 1;
  }

  /** Adds `quantity` pieces if there is room for them; otherwise changes nothing and says false. */
  async put(productId: number, storageId: number, quantity: number): Promise<boolean> {
    const { rowCount } = await this.db.sql`
      INSERT INTO stored_item (product_id, storage_id, quantity) VALUES (${productId}, ${storageId}, ${quantity})
      ON CONFLICT (product_id, storage_id) DO UPDATE SET quantity = stored_item.quantity + excluded.quantity
      WHERE stored_item.quantity <= ${MAX_STOCK} - excluded.quantity`.execute();
    return rowCount === 1;
  }
}
