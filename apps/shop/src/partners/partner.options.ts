/** Where the companies are that the shop works with, and how long they may take. */
export interface PartnerOptions {
  /** Undefined: fake ones of the shop's own, on loopback. */
  readonly url: URL | undefined;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long the shop's own fake ones take for an answer, in milliseconds. */
  readonly latencyMs: number;
}

export const DEFAULT_PARTNER_OPTIONS: PartnerOptions = { url: undefined, timeoutMs: 3_000, latencyMs: 30 };

export const PARTNER_OPTIONS = Symbol('shop:partner-options');
