/** A short message to the customer's telephone. */
export interface Notification {
  /** By which the service tells a repetition. */
  readonly key: string;
  readonly orderId: string;
  readonly text: string;
}

/** Sends each notification once, however often it is asked for with the same key. */
export abstract class Notifier {
  /** @throws {PartnerUnavailableError} nobody knows whether it was sent */
  abstract send(notification: Notification, signal: AbortSignal): Promise<void>;
}
