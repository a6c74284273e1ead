import { ShopError } from '../errors/shop.error.js';

export class TooManyExportsError extends ShopError {
  override readonly name = 'TooManyExportsError';
  readonly kind = 'busy';

  constructor(max: number) {
    super(
      `${max} exports run at the moment, and more would take the connections of the shop; try again soon.`,
    );
  }
}
