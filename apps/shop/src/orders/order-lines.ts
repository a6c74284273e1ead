import type { WantedProduct } from '../inventory/wanted-products.js';
import type { Offer } from '../products/offer.js';

/** One line of an order or a sale that is about to be written. */
export interface OrderLine extends WantedProduct {
  /** Counts from 1. */
  readonly lineNo: number;
  readonly unitPriceCents: number;
  /** A sum of cents leaves the range of `integer` quickly, and the exact range of a JavaScript number eventually. */
  readonly lineTotalCents: bigint;
}

export function priceLine({ productId, quantity }: WantedProduct, lineNo: number, offer: Offer): OrderLine {
  const { priceCents: unitPriceCents } = offer;
  const lineTotalCents = BigInt(unitPriceCents) * BigInt(quantity);
  return { lineNo, productId, quantity, unitPriceCents, lineTotalCents };
}

export function totalOf(lines: readonly OrderLine[]): bigint {
  return lines.reduce((total, { lineTotalCents }) => total + lineTotalCents, 0n);
}
