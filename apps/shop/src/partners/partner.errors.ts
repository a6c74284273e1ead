import { PermanentError } from 'nestjs-database';
import { ShopError } from '../errors/shop.error.js';

/** The bank has said no. `code` is its reason: of an error the journal of a saga keeps the name, the code and the message. */
export class CardDeclinedError extends ShopError {
  override readonly name = 'CardDeclinedError';
  readonly kind = 'declined';
  override readonly details: { declineCode: string };

  constructor(readonly code: string) {
    super(
      `The card was declined (${code.replaceAll('_', ' ')}); nothing was charged. Try another card, with a new key.`,
    );
    this.details = { declineCode: code };
  }
}

/** A partner refuses for good: a defect of the shop, or something that cannot be any more. No repetition mends it. */
export class PartnerRefusedError extends PermanentError {
  constructor(
    partner: string,
    readonly code: string,
  ) {
    super(`The ${partner} refused the request (${code}).`);
  }
}

/** No answer, or none that says what was done: the request may have been carried out. */
export class PartnerUnavailableError extends Error {
  override readonly name = 'PartnerUnavailableError';

  constructor(partner: string, problem: string) {
    super(`The ${partner} ${problem}.`);
  }
}
