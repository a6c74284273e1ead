import { ShopError } from '../errors/shop.error.js';

export class DeadLetterNotFoundError extends ShopError {
  override readonly name = 'DeadLetterNotFoundError';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`There is no dead letter ${id} that nobody has dealt with.`);
  }
}
