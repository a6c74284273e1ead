import { Injectable } from '@nestjs/common';
import { mergeWanted, type WantedProduct } from '../inventory/wanted-products.js';
import type { Offer } from '../products/offer.js';
import { ProductInactiveError, ProductNotFoundError } from '../products/product.errors.js';
import { ProductRepository } from '../products/product.repository.js';
import { priceLine, totalOf, type OrderLine } from './order-lines.js';
import { MixedCurrenciesError } from './order.errors.js';

/** What somebody wants to buy, at the prices of this moment. */
export interface PricedLines {
  /** By ascending product id, each product once. */
  readonly lines: readonly OrderLine[];
  readonly offers: ReadonlyMap<number, Offer>;
  readonly currency: string;
  readonly totalCents: bigint;
}

/** Prices what is bought, in an order or over the counter. */
@Injectable()
export class LinePricing {
  constructor(private readonly products: ProductRepository) {}

  /**
   * @throws {ProductNotFoundError}
   * @throws {ProductInactiveError}
   * @throws {MixedCurrenciesError}
   */
  async price(items: readonly WantedProduct[]): Promise<PricedLines> {
    const wanted = mergeWanted(items);
    const offers = await this.products.findOffers(wanted.map(({ productId }) => productId));
    const lines = wanted.map((want, index) => priceLine(want, index + 1, forSale(want.productId, offers)));
    return { lines, offers, currency: singleCurrency([...offers.values()]), totalCents: totalOf(lines) };
  }
}

function forSale(productId: number, offers: ReadonlyMap<number, Offer>): Offer {
  const offer = offers.get(productId);
  if (offer === undefined) throw new ProductNotFoundError(productId);
  if (!offer.active) throw new ProductInactiveError(productId, offer.name);
  return offer;
}

function singleCurrency(offers: readonly Offer[]): string {
  const currencies = [...new Set(offers.map(({ currency }) => currency))].sort();
  const [currency = '', ...others] = currencies;
  if (others.length > 0) throw new MixedCurrenciesError(currencies);
  return currency;
}
