export type ShopErrorKind = 'not-found' | 'conflict' | 'busy' | 'declined' | 'partner';

/**
 * Base of what the shop refuses for reasons of its own. The message is written for the customer's eyes: it names
 * what the request named, and nothing about tables or other people's data.
 */
export abstract class ShopError extends Error {
  /**
   * Whether what was asked for does not exist, exists in a state that does not allow it, can be had a little later, is not paid
   * for, or could not be had from somebody else.
   */
  abstract readonly kind: ShopErrorKind;
  /** The figures of the message, for programs. */
  readonly details: Readonly<Record<string, string | number>> = {};
}
