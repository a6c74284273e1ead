import { ShopError } from '../errors/shop.error.js';

export class SaleNotFoundError extends ShopError {
  override readonly name = 'SaleNotFoundError';
  readonly kind = 'not-found';

  constructor(saleId: bigint) {
    super(`Sale ${saleId} does not exist.`);
  }
}

export class InsufficientCashError extends ShopError {
  override readonly name = 'InsufficientCashError';
  readonly kind = 'conflict';
  override readonly details: { totalCents: string; tenderedCents: string };

  constructor(totalCents: bigint, tenderedCents: bigint) {
    super(
      `This comes to ${totalCents} cents, and ${tenderedCents} cents do not pay for it; nothing was sold.`,
    );
    this.details = { totalCents: String(totalCents), tenderedCents: String(tenderedCents) };
  }
}
