import { Injectable } from '@nestjs/common';
import { Transactional } from 'nestjs-database';
import type { StockTransfer } from '../generated/prisma/client.js';
import { ProductNotFoundError } from '../products/product.errors.js';
import { ProductRepository } from '../products/product.repository.js';
import { byLockOrder, FLOOR, placeOf, type Place } from './place.js';
import { InsufficientStockError, PlaceNotFoundError, StockOutOfRangeError } from './stock.errors.js';
import { MAX_STOCK, StockRepository } from './stock.repository.js';
import { StockService } from './stock.service.js';
import { StorageRepository, StoredItemRepository } from './storage.repository.js';
import { TransferRepository } from './transfer.repository.js';
import { mergeWanted, type WantedProduct } from './wanted-products.js';

/** What was carried from where to where. */
export interface Transfer extends StockTransfer {
  readonly from: Place;
  readonly to: Place;
  readonly lines: readonly WantedProduct[];
}

/** How much of a product is where. */
export interface PlacedQuantity {
  readonly place: Place;
  readonly quantity: number;
}

@Injectable()
export class TransferService {
  constructor(
    private readonly products: ProductRepository,
    private readonly floor: StockRepository,
    private readonly stock: StockService,
    private readonly storages: StorageRepository,
    private readonly stored: StoredItemRepository,
    private readonly transfers: TransferRepository,
  ) {}

  /**
   * Carries goods from one place to another; all of them or none. Rows are locked by ascending product and place, so that
   * transfers in opposite directions wait for each other, and for sales, but never in a circle.
   *
   * @throws {PlaceNotFoundError}
   * @throws {ProductNotFoundError}
   * @throws {InsufficientStockError} when a product is not there in that number; no quantity is ever below zero
   * @throws {StockOutOfRangeError} when there would be more than a place can hold
   */
  @Transactional()
  async move(fromCode: string, toCode: string, items: readonly WantedProduct[]): Promise<Transfer> {
    const [from, to] = [await this.place(fromCode), await this.place(toCode)];
    const lines = mergeWanted(items);
    const names = await this.products.findOffers(lines.map(({ productId }) => productId));
    const transfer = await this.transfers.record(from, to, known(lines, names));
    const places = [from, to].sort(byLockOrder);
    for (const line of lines) {
      for (const place of places) {
        if (place === to) await this.put(line, place);
        else await this.take(line, place, names.get(line.productId)?.name ?? '');
      }
    }
    return { ...transfer, from, to, lines };
  }

  /**
   * Where a product is, at one moment: a piece that is being carried is counted once.
   *
   * @throws {ProductNotFoundError}
   */
  @Transactional({ isolationLevel: 'RepeatableRead', readOnly: true })
  async whereIs(productId: number): Promise<PlacedQuantity[]> {
    const { quantity } = await this.stock.get(productId);
    const storages = await this.storages.findMany({ orderBy: { id: 'asc' } });
    const stored = await this.stored.findMany({ where: { productId } });
    return [
      { place: FLOOR, quantity },
      ...storages.map((storage) => {
        const item = stored.find(({ storageId }) => storageId === storage.id);
        return { place: placeOf(storage), quantity: item?.quantity ?? 0 };
      }),
    ];
  }

  private async place(code: string): Promise<Place> {
    if (code === FLOOR.code) return FLOOR;
    const storage = await this.storages.findOne({ where: { code } });
    if (storage === null) throw new PlaceNotFoundError(code);
    return placeOf(storage);
  }

  private async take({ productId, quantity }: WantedProduct, place: Place, name: string): Promise<void> {
    const { storageId } = place;
    const taken = await (storageId === null
      ? this.floor.take(productId, quantity)
      : this.stored.take(productId, storageId, quantity));
    if (taken) return;
    const available = await this.available(productId, storageId);
    throw new InsufficientStockError({ id: productId, name }, quantity, available, `in ${place.code}`);
  }

  private async put({ productId, quantity }: WantedProduct, { storageId }: Place): Promise<void> {
    if (storageId === null) await this.stock.adjust(productId, quantity);
    else if (!(await this.stored.put(productId, storageId, quantity))) {
      const available = await this.available(productId, storageId);
      throw new StockOutOfRangeError(productId, quantity, available, MAX_STOCK);
    }
  }

  private async available(productId: number, storageId: number | null): Promise<number> {
    if (storageId !== null) return await this.stored.quantityOf(productId, storageId);
    return (await this.floor.findByProduct(productId))?.quantity ?? 0;
  }
}

function known(lines: WantedProduct[], names: ReadonlyMap<number, unknown>): WantedProduct[] {
  for (const { productId } of lines) if (!names.has(productId)) throw new ProductNotFoundError(productId);
  return lines;
}
