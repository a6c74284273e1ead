import { ShopError } from '../errors/shop.error.js';

/** What an order asks for is not on the shelf. */
export class InsufficientStockError extends ShopError {
  override readonly name = 'InsufficientStockError';
  readonly kind = 'conflict';
  override readonly details: { productId: number; requested: number; available: number };

  constructor(product: { readonly id: number; readonly name: string }, requested: number, available: number) {
    super(
      `Product ${product.id} "${product.name}" has ${available} in stock and ${requested} were ordered; nothing was ordered.`,
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
