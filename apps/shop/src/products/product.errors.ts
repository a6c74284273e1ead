import { ShopError } from '../errors/shop.error.js';

export class ProductNotFoundError extends ShopError {
  override readonly name = 'ProductNotFoundError';
  readonly kind = 'not-found';

  constructor(productId: number) {
    super(`Product ${productId} does not exist.`);
  }
}

export class CategoryNotFoundError extends ShopError {
  override readonly name = 'CategoryNotFoundError';
  readonly kind = 'not-found';

  constructor(categoryId: number) {
    super(`Category ${categoryId} does not exist.`);
  }
}

export class SkuTakenError extends ShopError {
  override readonly name = 'SkuTakenError';
  readonly kind = 'conflict';

  constructor(sku: string) {
    super(`There is a product with the SKU "${sku}" already.`);
  }
}

export class ProductInactiveError extends ShopError {
  override readonly name = 'ProductInactiveError';
  readonly kind = 'conflict';
  override readonly details: { productId: number };

  constructor(productId: number, productName: string) {
    super(`Product ${productId} "${productName}" is not for sale at the moment.`);
    this.details = { productId };
  }
}

/** Somebody else has changed the product since it was read. */
export class ProductChangedError extends ShopError {
  override readonly name = 'ProductChangedError';
  readonly kind = 'conflict';
  override readonly details: { productId: number; expectedVersion: number; actualVersion: number };

  constructor(productId: number, expectedVersion: number, actualVersion: number) {
    super(
      `Product ${productId} has changed since you read it: it is at version ${actualVersion}, not ${expectedVersion}. Read it again; nothing was changed.`,
    );
    this.details = { productId, expectedVersion, actualVersion };
  }
}
