export interface WantedProduct {
  readonly productId: number;
  readonly quantity: number;
}

/**
 * One entry for each product, by ascending product id: a product that is named twice counts once, with the sum of both
 * quantities. The order of the ids is that in which stock rows are locked; as it is the same for all who change stock,
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
