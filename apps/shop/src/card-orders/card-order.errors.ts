import { ShopError, type ShopErrorKind } from '../errors/shop.error.js';

export class CardOrderNotFoundError extends ShopError {
  override readonly name = 'CardOrderNotFoundError';
  readonly kind = 'not-found';

  constructor(key: string) {
    super(`There is no card order with the key "${key}".`);
  }
}

/** A key stands for one order: somebody who uses it for another one has made a mistake, and is not charged for it. */
export class KeyReusedError extends ShopError {
  override readonly name = 'KeyReusedError';
  readonly kind = 'conflict';

  constructor(key: string) {
    super(`The key "${key}" was used for another order; nothing was ordered. Use a new one for each order.`);
  }
}

/** What the journal has of an order that was refused: the answer is the same whenever the request is repeated. */
export class CardOrderRefusedError extends ShopError {
  override readonly name = 'CardOrderRefusedError';

  constructor(
    readonly kind: ShopErrorKind,
    message: string,
  ) {
    super(message);
  }
}

export class TooLateToCancelError extends ShopError {
  override readonly name = 'TooLateToCancelError';
  readonly kind = 'conflict';

  constructor(key: string) {
    super(
      `The order is paid for, and cannot be cancelled any more. Ask for the money: POST /card-orders/${key}/refund.`,
    );
  }
}

export class NothingToCancelError extends ShopError {
  override readonly name = 'NothingToCancelError';
  readonly kind = 'conflict';

  constructor() {
    super('The order came to nothing already; there is nothing to cancel.');
  }
}

/** What was set aside on the card is about to be collected; only then can it be paid back. */
export class NotCollectedYetError extends ShopError {
  override readonly name = 'NotCollectedYetError';
  readonly kind = 'busy';

  constructor() {
    super('The money for this order has not been collected yet. Try again in a moment.');
  }
}

export class NotRefundableError extends ShopError {
  override readonly name = 'NotRefundableError';
  readonly kind = 'conflict';

  constructor() {
    super('Only an order that is paid for and was not shipped yet can be refunded.');
  }
}
