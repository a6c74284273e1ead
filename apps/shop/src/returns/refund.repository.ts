import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { Refund, RefundLine } from '../generated/prisma/client.js';
import type { Purchase } from './return.errors.js';

export type RefundWithLines = Refund & { lines: (RefundLine & { product: { name: string } })[] };

export interface NewRefund {
  readonly purchase: Purchase;
  readonly registerId: number;
  readonly refundNo: number;
  readonly businessDay: Date;
  readonly currency: string;
  readonly amountCents: bigint;
  readonly lines: readonly Omit<RefundLine, 'refundId'>[];
}

const WITH_LINES = {
  lines: { include: { product: { select: { name: true } } }, orderBy: { lineNo: 'asc' } },
} as const;

@Injectable()
export class RefundRepository extends RepositoryFor('refund') {
  async record({ purchase: { kind, id }, lines, ...refund }: NewRefund): Promise<RefundWithLines> {
    return await this.create({
      data: {
        ...refund,
        ...(kind === 'Sale' ? { saleId: id } : { orderId: id }),
        lines: { create: lines.map((line) => ({ ...line })) },
      },
      include: WITH_LINES,
    });
  }
}
