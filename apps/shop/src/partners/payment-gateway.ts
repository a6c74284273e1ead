/** What is to be set aside on a card. */
export interface Charge {
  /** By which the gateway tells a repetition, and finds the charge again. */
  readonly key: string;
  /** Stands for a card. Of no use to anybody but this shop, and kept out of logs and answers all the same. */
  readonly cardToken: string;
  readonly amountCents: bigint;
  readonly currency: string;
}

/**
 * What the shop needs of a payment gateway. Whatever is asked for again with the same key is carried out once.
 *
 * All of it fails with `PartnerUnavailableError` where nobody knows what has happened, and with `PartnerRefusedError` where
 * nothing has, and never will.
 */
export abstract class PaymentGateway {
  /**
   * Sets an amount aside; the money stays where it is.
   *
   * @throws {CardDeclinedError}
   */
  abstract authorise(charge: Charge, signal: AbortSignal): Promise<void>;
  /** Gives free what was set aside, or may have been; a charge that arrives later under this key is not carried out. */
  abstract void(chargeKey: string, signal: AbortSignal): Promise<void>;
  /** Collects what was set aside. */
  abstract capture(chargeKey: string, signal: AbortSignal): Promise<void>;
  /** Pays back all that was collected. */
  abstract refund(chargeKey: string, signal: AbortSignal): Promise<void>;
}
