import { Injectable } from '@nestjs/common';
import { eq, RepositoryFor } from 'nestjs-database';
import type { Order, OrderItem } from '../generated/prisma/client.js';
import type { OrderLine } from './order-lines.js';

export type OrderWithItems = Order & { items: (OrderItem & { product: { name: string } })[] };

export interface NewOrder {
  readonly customerId: number;
  readonly currency: string;
  readonly totalCents: bigint;
  readonly lines: readonly OrderLine[];
}

const WITH_ITEMS = {
  items: { include: { product: { select: { name: true } } }, orderBy: { lineNo: 'asc' } },
} as const;

@Injectable()
export class OrderRepository extends RepositoryFor('order') {
  async findWithItems(id: bigint): Promise<OrderWithItems | null> {
    return await this.findById(id, { include: WITH_ITEMS });
  }

  /** @param email - in lower case, as customers are kept */
  async findTracked(id: bigint, email: string): Promise<OrderWithItems | null> {
    return await this.findOne({ where: { id: eq(id), customer: { email: eq(email) } }, include: WITH_ITEMS });
  }

  async place({ lines, ...order }: NewOrder): Promise<OrderWithItems> {
    const items = { create: lines.map((line) => ({ ...line })) };
    return await this.create({ data: { ...order, items }, include: WITH_ITEMS });
  }
}
