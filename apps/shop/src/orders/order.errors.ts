import { ShopError } from '../errors/shop.error.js';

export class OrderNotFoundError extends ShopError {
  override readonly name = 'OrderNotFoundError';
  readonly kind = 'not-found';

  constructor(orderId: bigint) {
    super(`Order ${orderId} does not exist.`);
  }
}

/** An order has one total, so all of its prices are in one currency. */
export class MixedCurrenciesError extends ShopError {
  override readonly name = 'MixedCurrenciesError';
  readonly kind = 'conflict';

  constructor(currencies: readonly string[]) {
    super(`An order is in one currency, and these products are sold in ${currencies.join(' and ')}.`);
  }
}

/** Says neither whether there is such an order nor whose it is. */
export class OrderNotTrackedError extends ShopError {
  override readonly name = 'OrderNotTrackedError';
  readonly kind = 'not-found';

  constructor() {
    super('There is no order with this number and this email address.');
  }
}
