import { Injectable } from '@nestjs/common';
import {
  CustomerNotFoundError,
  EmailTakenError,
  UnknownEmailError,
} from '../../../apps/shop/src/customers/customer.errors.js';
import type { CreateCustomerDto } from '../../../apps/shop/src/customers/customer.dto.js';
import {
  PrismaClient,
  type Customer,
  type Order,
  type OrderItem,
  type Prisma,
  type StockItem,
} from '../../../apps/shop/src/generated/prisma/client.js';
import { BigIntIdPipe } from '../../../apps/shop/src/http/id.pipe.js';
import {
  InsufficientStockError,
  StockOutOfRangeError,
} from '../../../apps/shop/src/inventory/stock.errors.js';
import { mergeWanted, type WantedProduct } from '../../../apps/shop/src/inventory/wanted-products.js';
import { priceLine, totalOf, type OrderLine } from '../../../apps/shop/src/orders/order-lines.js';
import { OrderNotFoundError, OrderNotTrackedError } from '../../../apps/shop/src/orders/order.errors.js';
import {
  ProductInactiveError,
  ProductNotFoundError,
} from '../../../apps/shop/src/products/product.errors.js';
import { BareProducts } from './bare-products.js';

type Tx = Prisma.TransactionClient;
type OrderWithItems = Order & { items: (OrderItem & { product: { name: string } })[] };

const MAX_STOCK = 1_000_000_000;
const WITH_ITEMS = {
  items: { include: { product: { select: { name: true } } }, orderBy: { lineNo: 'asc' } },
} as const;

@Injectable()
export class BareCustomerService {
  constructor(private readonly prisma: PrismaClient) {}

  async get(id: number): Promise<Customer> {
    const customer = await this.prisma.customer.findUnique({ where: { id } });
    if (customer === null) throw new CustomerNotFoundError(id);
    return customer;
  }

  async getByEmail(email: string): Promise<Customer> {
    const customer = await this.prisma.customer.findUnique({ where: { email: email.trim().toLowerCase() } });
    if (customer === null) throw new UnknownEmailError();
    return customer;
  }

  async create({ email, name }: CreateCustomerDto): Promise<Customer> {
    try {
      return await this.prisma.customer.create({ data: { email, name } });
    } catch (error) {
      if ((error as Prisma.PrismaClientKnownRequestError).code === 'P2002') throw new EmailTakenError(email);
      throw error;
    }
  }

  async update(id: number, data: Prisma.CustomerUpdateInput): Promise<Customer> {
    try {
      return await this.prisma.customer.update({ where: { id }, data });
    } catch (error) {
      if ((error as Prisma.PrismaClientKnownRequestError).code === 'P2025')
        throw new CustomerNotFoundError(id);
      throw error;
    }
  }
}

@Injectable()
export class BareStock {
  constructor(private readonly prisma: PrismaClient) {}

  async findByProduct(productId: number, tx: Tx = this.prisma): Promise<StockItem | null> {
    return await tx.stockItem.findUnique({ where: { productId } });
  }

  async take(tx: Tx, productId: number, quantity: number): Promise<boolean> {
    const { count } = await tx.stockItem.updateMany({
      where: { productId, quantity: { gte: quantity } },
      data: { quantity: { decrement: quantity } },
    });
    return count === 1;
  }

  async adjust(productId: number, delta: number): Promise<StockItem> {
    const [item] = await this.prisma.stockItem.updateManyAndReturn({
      where: { productId, quantity: { gte: -delta, lte: MAX_STOCK - delta } },
      data: { quantity: { increment: delta } },
    });
    if (item !== undefined) return item;
    const found = await this.findByProduct(productId);
    if (found === null) throw new ProductNotFoundError(productId);
    throw new StockOutOfRangeError(productId, delta, found.quantity, MAX_STOCK);
  }
}

@Injectable()
export class BareOrderService {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly products: BareProducts,
    private readonly stock: BareStock,
  ) {}

  async get(id: bigint): Promise<OrderWithItems> {
    const order = await this.prisma.order.findUnique({ where: { id }, include: WITH_ITEMS });
    if (order === null) throw new OrderNotFoundError(id);
    return order;
  }

  async track(orderId: string, email: string): Promise<OrderWithItems> {
    const id = new BigIntIdPipe().transform(orderId, { data: 'orderId' });
    const order = await this.prisma.order.findFirst({
      where: { id: { equals: id }, customer: { email: { equals: email.trim().toLowerCase() } } },
      include: WITH_ITEMS,
    });
    if (order === null) throw new OrderNotTrackedError();
    return order;
  }

  async place(customerId: number, items: readonly WantedProduct[]): Promise<OrderWithItems> {
    const wanted = mergeWanted(items);
    return await this.prisma.$transaction(async (tx) => {
      if ((await tx.customer.findUnique({ where: { id: customerId } })) === null)
        throw new CustomerNotFoundError(customerId);
      const offers = await this.products.findOffers(wanted.map(({ productId }) => productId));
      const lines: OrderLine[] = wanted.map((want, index) => {
        const offer = offers.get(want.productId);
        if (offer === undefined) throw new ProductNotFoundError(want.productId);
        if (!offer.active) throw new ProductInactiveError(want.productId, offer.name);
        return priceLine(want, index + 1, offer);
      });
      const totalCents = totalOf(lines);
      const data = {
        customerId,
        currency: 'EUR',
        totalCents,
        items: { create: lines.map((line) => ({ ...line })) },
      };
      const order = await tx.order.create({ data, include: WITH_ITEMS });
      for (const { productId, quantity } of lines) {
        if (await this.stock.take(tx, productId, quantity)) continue;
        const left = await this.stock.findByProduct(productId, tx);
        throw new InsufficientStockError({ id: productId, name: '' }, quantity, left?.quantity ?? 0);
      }
      return order;
    });
  }

  async list(
    where: Prisma.OrderWhereInput,
    orderBy: Prisma.OrderOrderByWithRelationInput[],
    first: number,
    after: bigint | undefined,
  ): Promise<{ order: Order; customer: Customer; items: OrderItem[] }[]> {
    const rows = await this.prisma.order.findMany({
      where,
      orderBy: [...orderBy, { id: 'asc' }],
      take: first + 1,
      ...(after !== undefined && { cursor: { id: after }, skip: 1 }),
      include: { customer: true, items: { orderBy: { lineNo: 'asc' } } },
    });
    return rows.map(({ customer, items, ...order }) => ({ order, customer, items }));
  }
}
