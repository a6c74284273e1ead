import { ShopError } from '../errors/shop.error.js';

/** What is asked for is not there. */
export class InsufficientStockError extends ShopError {
  override readonly name = 'InsufficientStockError';
  readonly kind = 'conflict';
  override readonly details: { productId: number; requested: number; available: number };

  /** @param place - where it was looked for */
  constructor(
    product: { readonly id: number; readonly name: string },
    requested: number,
    available: number,
    place = 'in stock',
  ) {
    super(
      `Product ${product.id} "${product.name}" has ${available} ${place} and ${requested} were asked for; nothing was changed.`,
    );
    this.details = { productId: product.id, requested, available };
  }
}

/** An adjustment would leave less than nothing, or more than a shelf can hold. */
export class StockOutOfRangeError extends ShopError {
  override readonly name = 'StockOutOfRangeError';
  readonly kind = 'conflict';
  override readonly details: { productId: number; delta: number; available: number };

  constructor(productId: number, delta: number, available: number, max: number) {
    super(
      `Product ${productId} has ${available} in stock; an adjustment by ${delta} would leave the range from 0 to ${max}.`,
    );
    this.details = { productId, delta, available };
  }
}

export class PlaceNotFoundError extends ShopError {
  override readonly name = 'PlaceNotFoundError';
  readonly kind = 'not-found';

  constructor(code: string) {
    super(`There is no place with the code "${code}".`);
  }
}
