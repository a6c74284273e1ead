import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { CardPayment, CardPaymentStatus, OrderNotice, Prisma } from '../generated/prisma/client.js';
import type { OrderWithItems } from '../orders/order.repository.js';

export type PaidOrder = CardPayment & { order: OrderWithItems & { notices: OrderNotice[] } };

const WITH_ORDER = {
  order: {
    include: {
      items: { include: { product: { select: { name: true } } }, orderBy: { lineNo: 'asc' } },
      notices: { orderBy: { sentAt: 'asc' } },
    },
  },
} as const;

@Injectable()
export class CardPaymentRepository extends RepositoryFor('cardPayment') {
  async findByKey(key: string): Promise<PaidOrder | null> {
    return await this.findOne({ where: { key }, include: WITH_ORDER });
  }

  /** Changes the payment if it is where it has to be; otherwise changes nothing and says false. */
  async move(
    orderId: bigint,
    from: CardPaymentStatus,
    data: Prisma.CardPaymentUpdateManyMutationInput,
  ): Promise<boolean> {
    const { count } = await this.delegate.updateMany({ where: { orderId, status: from }, data });
    return count === 1;
  }
}
