import { Injectable } from '@nestjs/common';
import { parseQuery, RecordNotFoundError } from 'nestjs-database';
import { CustomerRepository } from '../customers/customer.repository.js';
import type { Customer, Order, OrderItem } from '../generated/prisma/client.js';
import { readFlag } from '../http/flag.js';
import { TOTAL } from '../http/list-query.decorator.js';
import type { Listed } from '../http/page.view.js';
import { OrderItemRepository } from './order-item.repository.js';
import { ORDER_QUERY } from './order.query.js';
import { OrderRepository } from './order.repository.js';

/** An order as a list shows it. */
export interface ListedOrder {
  readonly order: Order;
  readonly customer: Customer;
  readonly items: readonly OrderItem[];
}

/** Pages of orders with whom they are for and what is in them: three statements, however many orders there are. */
@Injectable()
export class OrderList {
  constructor(
    private readonly orders: OrderRepository,
    private readonly customers: CustomerRepository,
    private readonly items: OrderItemRepository,
  ) {}

  /** @param query - as the request has it; where it asks for the total, a fourth statement counts */
  async read(query: Readonly<Record<string, unknown>>): Promise<Listed<ListedOrder>> {
    const withTotal = readFlag(query, TOTAL);
    const page = await this.orders.paginate({ ...parseQuery(query, ORDER_QUERY), withTotal });
    const { pageInfo, totalCount } = page as Listed<Order>;
    const items = await Promise.all(page.items.map((order) => this.complete(order)));
    return { items, pageInfo, ...(totalCount !== undefined && { totalCount }) };
  }

  /** Written for one order; what all of them ask in one turn becomes one statement for each table. */
  private async complete(order: Order): Promise<ListedOrder> {
    const [customer, items] = await Promise.all([
      this.customers.load(order.customerId),
      this.items.loadAllBy('orderId', order.id, { orderBy: { lineNo: 'asc' } }),
    ]);
    // A foreign key stands for the customer.
    if (customer === null) throw new RecordNotFoundError('customer', 'load', order.customerId);
    return { order, customer, items };
  }
}
