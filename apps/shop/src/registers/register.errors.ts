import { ShopError } from '../errors/shop.error.js';
import { TILL_CURRENCY } from './till-currency.js';

export class RegisterNotFoundError extends ShopError {
  override readonly name = 'RegisterNotFoundError';
  readonly kind = 'not-found';

  constructor(registerId: number) {
    super(`Register ${registerId} does not exist.`);
  }
}

/** Nothing is sold or paid back at a register that is closed. */
export class RegisterClosedError extends ShopError {
  override readonly name = 'RegisterClosedError';
  readonly kind = 'conflict';
  override readonly details: { registerId: number };

  constructor(registerId: number) {
    super(`Register ${registerId} is closed; open it for a day first. Nothing was changed.`);
    this.details = { registerId };
  }
}

export class RegisterOpenError extends ShopError {
  override readonly name = 'RegisterOpenError';
  readonly kind = 'conflict';
  override readonly details: { registerId: number; day: string };

  constructor(registerId: number, day: string) {
    super(`Register ${registerId} is open for ${day} already; close it before it is opened for another day.`);
    this.details = { registerId, day };
  }
}

/** What has been counted stays as it was counted. */
export class DayClosedError extends ShopError {
  override readonly name = 'DayClosedError';
  readonly kind = 'conflict';
  override readonly details: { registerId: number; day: string };

  constructor(registerId: number, day: string) {
    super(`Register ${registerId} cannot be opened for ${day}: that day, or a later one, is closed already.`);
    this.details = { registerId, day };
  }
}

export class ForeignCurrencyError extends ShopError {
  override readonly name = 'ForeignCurrencyError';
  readonly kind = 'conflict';

  constructor(currency: string) {
    super(`The registers take and give ${TILL_CURRENCY} only, and this is in ${currency}.`);
  }
}
