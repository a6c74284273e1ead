import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { Payment, Sale, SaleLine } from '../generated/prisma/client.js';
import type { OrderLine } from '../orders/order-lines.js';

export type SaleWithLines = Sale & {
  lines: (SaleLine & { product: { name: string } })[];
  payment: Payment | null;
};

export interface NewSale {
  readonly registerId: number;
  readonly receiptNo: number;
  readonly businessDay: Date;
  readonly currency: string;
  readonly totalCents: bigint;
  readonly tenderedCents: bigint;
  readonly lines: readonly OrderLine[];
}

const WITH_LINES = {
  lines: { include: { product: { select: { name: true } } }, orderBy: { lineNo: 'asc' } },
  payment: true,
} as const;

@Injectable()
export class SaleRepository extends RepositoryFor('sale') {
  async findWithLines(id: bigint): Promise<SaleWithLines | null> {
    return await this.findById(id, { include: WITH_LINES });
  }

  /** A sale with its lines and its payment. */
  async record({ lines, tenderedCents, ...sale }: NewSale): Promise<SaleWithLines> {
    return await this.create({
      data: {
        ...sale,
        lines: { create: lines.map((line) => ({ ...line })) },
        payment: { create: { amountCents: sale.totalCents, tenderedCents } },
      },
      include: WITH_LINES,
    });
  }
}
