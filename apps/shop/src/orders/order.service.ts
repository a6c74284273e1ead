import { Injectable } from '@nestjs/common';
import { TransactionManager } from 'nestjs-database';
import { CustomerNotFoundError } from '../customers/customer.errors.js';
import { CustomerRepository } from '../customers/customer.repository.js';
import { InsufficientStockError } from '../inventory/stock.errors.js';
import { StockRepository } from '../inventory/stock.repository.js';
import type { Offer } from '../products/offer.js';
import { ProductInactiveError, ProductNotFoundError } from '../products/product.errors.js';
import { ProductRepository } from '../products/product.repository.js';
import { mergeWanted, priceLine, totalOf, type OrderLine, type WantedProduct } from './order-lines.js';
import { MixedCurrenciesError, OrderNotFoundError } from './order.errors.js';
import { OrderRepository, type OrderWithItems } from './order.repository.js';

@Injectable()
export class OrderService {
  constructor(
    private readonly transactions: TransactionManager,
    private readonly customers: CustomerRepository,
    private readonly products: ProductRepository,
    private readonly stock: StockRepository,
    private readonly orders: OrderRepository,
  ) {}

  /** @throws {OrderNotFoundError} */
  async get(id: bigint): Promise<OrderWithItems> {
    const order = await this.orders.findWithItems(id);
    if (order === null) throw new OrderNotFoundError(id);
    return order;
  }

  /**
   * Places an order at today's prices and takes its products off the shelves; both happen or neither does.
   *
   * The transaction is ambient: the repositories of three modules join it without being handed anything. Whatever is
   * thrown inside undoes what came before it, the order and the decrements alike.
   *
   * @throws {CustomerNotFoundError}
   * @throws {ProductNotFoundError}
   * @throws {ProductInactiveError}
   * @throws {MixedCurrenciesError}
   * @throws {InsufficientStockError} when a product is not there in that number; no stock is ever below zero
   */
  async place(customerId: number, items: readonly WantedProduct[]): Promise<OrderWithItems> {
    const wanted = mergeWanted(items);
    return await this.transactions.run(async () => {
      if ((await this.customers.findById(customerId)) === null) throw new CustomerNotFoundError(customerId);
      const offers = await this.products.findOffers(wanted.map(({ productId }) => productId));
      const priced = wanted.map((want, index) => {
        const offer = forSale(want.productId, offers);
        return { offer, line: priceLine(want, index + 1, offer) };
      });
      const lines = priced.map(({ line }) => line);
      const currency = singleCurrency(priced.map(({ offer }) => offer));
      const order = await this.orders.place({ customerId, currency, totalCents: totalOf(lines), lines });
      // Last, because everybody else who wants the product waits from here to the commit; and one after the other,
      // because the order of the ids is the order of the locks.
      for (const { offer, line } of priced) await this.takeOffShelf(offer, line);
      return order;
    });
  }

  private async takeOffShelf(offer: Offer, { productId, quantity }: OrderLine): Promise<void> {
    if (await this.stock.take(productId, quantity)) return;
    const left = await this.stock.findByProduct(productId);
    throw new InsufficientStockError(offer, quantity, left?.quantity ?? 0);
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
