import { ShopError } from '../errors/shop.error.js';

export class CustomerNotFoundError extends ShopError {
  override readonly name = 'CustomerNotFoundError';
  readonly kind = 'not-found';

  constructor(customerId: number) {
    super(`Customer ${customerId} does not exist.`);
  }
}

export class EmailTakenError extends ShopError {
  override readonly name = 'EmailTakenError';
  readonly kind = 'conflict';

  constructor(email: string) {
    super(`There is a customer with the email address ${email} already.`);
  }
}

/** Without the address: answers are kept in more places than it should be. */
export class UnknownEmailError extends ShopError {
  override readonly name = 'UnknownEmailError';
  readonly kind = 'not-found';

  constructor() {
    super('There is no customer with this email address.');
  }
}
