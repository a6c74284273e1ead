import { Injectable } from '@nestjs/common';
import { TransactionManager } from 'nestjs-database';
import { CustomerNotFoundError } from '../customers/customer.errors.js';
import { CustomerRepository } from '../customers/customer.repository.js';
import { ShelfService } from '../inventory/shelf.service.js';
import type { WantedProduct } from '../inventory/wanted-products.js';
import { LinePricing } from './line-pricing.js';
import { OrderNotFoundError } from './order.errors.js';
import { OrderRepository, type OrderWithItems } from './order.repository.js';

@Injectable()
export class OrderService {
  constructor(
    private readonly transactions: TransactionManager,
    private readonly customers: CustomerRepository,
    private readonly pricing: LinePricing,
    private readonly shelves: ShelfService,
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
   * The transaction is ambient: the repositories and services of three modules join it without being handed anything. Whatever is
   * thrown inside undoes what came before it, the order and the decrements alike.
   *
   * @throws {CustomerNotFoundError}
   * @throws {ProductNotFoundError}
   * @throws {ProductInactiveError}
   * @throws {MixedCurrenciesError}
   * @throws {InsufficientStockError} when a product is not there in that number; no stock is ever below zero
   */
  async place(customerId: number, items: readonly WantedProduct[]): Promise<OrderWithItems> {
    return await this.transactions.run(async () => {
      if ((await this.customers.findById(customerId)) === null) throw new CustomerNotFoundError(customerId);
      const { lines, offers, currency, totalCents } = await this.pricing.price(items);
      const order = await this.orders.place({ customerId, currency, totalCents, lines });
      // Last, because everybody else who wants the products waits from here to the commit.
      await this.shelves.take(lines, offers);
      return order;
    });
  }
}
