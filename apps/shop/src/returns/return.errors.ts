import { ShopError } from '../errors/shop.error.js';

/** Where something was bought. */
export interface Purchase {
  readonly kind: 'Sale' | 'Order';
  readonly id: bigint;
}

export class LineNotFoundError extends ShopError {
  override readonly name = 'LineNotFoundError';
  readonly kind = 'not-found';

  constructor({ kind, id }: Purchase, lineNo: number) {
    super(`${kind} ${id} has no line ${lineNo}; nothing was taken back.`);
  }
}

/** Nobody can bring back more than they have bought. */
export class TooManyReturnedError extends ShopError {
  override readonly name = 'TooManyReturnedError';
  readonly kind = 'conflict';
  override readonly details: { lineNo: number; bought: number; returned: number; requested: number };

  constructor(
    { kind, id }: Purchase,
    line: { readonly lineNo: number; readonly quantity: number; readonly returned: number },
    requested: number,
  ) {
    const { lineNo, quantity: bought, returned } = line;
    super(
      `Of line ${lineNo} of ${kind.toLowerCase()} ${id}, ${bought} were bought and ${returned} were brought back already; ${requested} more are not possible. Nothing was taken back.`,
    );
    this.details = { lineNo, bought, returned, requested };
  }
}

export class OrderCancelledError extends ShopError {
  override readonly name = 'OrderCancelledError';
  readonly kind = 'conflict';

  constructor(orderId: bigint) {
    super(`Order ${orderId} is cancelled; there is nothing to pay back.`);
  }
}

/** What was paid for by card is paid back to the card, and not in cash. */
export class PaidByCardError extends ShopError {
  override readonly name = 'PaidByCardError';
  readonly kind = 'conflict';

  constructor(orderId: bigint, key: string) {
    super(`Order ${orderId} is paid for by card, and is paid back to it: POST /card-orders/${key}/refund.`);
  }
}
