import type { Offer } from '../products/offer.js';

export interface WantedProduct {
  readonly productId: number;
  readonly quantity: number;
}

/** One line of an order that is about to be placed. */
export interface OrderLine extends WantedProduct {
  /** Counts from 1 within the order. */
  readonly lineNo: number;
  readonly unitPriceCents: number;
  /** A sum of cents leaves the range of `integer` quickly, and the exact range of a JavaScript number eventually. */
  readonly lineTotalCents: bigint;
}

/**
 * One entry for each product, by ascending product id: a product that is named twice is ordered once, with the sum
 * of both quantities. The order of the ids is that in which stock rows are locked; as it is the same for every order,
 * two of them can wait for each other but never in a circle.
 */
export function mergeWanted(items: readonly WantedProduct[]): WantedProduct[] {
  const quantities = new Map<number, number>();
  for (const { productId, quantity } of items) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  return [...quantities]
    .sort(([left], [right]) => left - right)
    .map(([productId, quantity]) => ({ productId, quantity }));
}

export function priceLine({ productId, quantity }: WantedProduct, lineNo: number, offer: Offer): OrderLine {
  const { priceCents: unitPriceCents } = offer;
  const lineTotalCents = BigInt(unitPriceCents) * BigInt(quantity);
  return { lineNo, productId, quantity, unitPriceCents, lineTotalCents };
}

export function totalOf(lines: readonly OrderLine[]): bigint {
  return lines.reduce((total, { lineTotalCents }) => total + lineTotalCents, 0n);
}
