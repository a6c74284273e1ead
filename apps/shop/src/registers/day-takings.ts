import { Injectable } from '@nestjs/common';
import { Database, RepositoryFor } from 'nestjs-database';
import type { Prisma } from '../generated/prisma/client.js';
import { TILL_CURRENCY } from './till-currency.js';

@Injectable()
export class SaleTotals extends RepositoryFor('sale') {}

@Injectable()
export class PaymentTotals extends RepositoryFor('payment') {}

@Injectable()
export class RefundTotals extends RepositoryFor('refund') {}

/** What was taken and given on one day, by one register or all of them. */
export interface Takings {
  readonly sales: number;
  readonly salesCents: bigint;
  readonly refunds: number;
  readonly refundCents: bigint;
  /** What was paid in cash, less what was paid back. */
  readonly cashCents: bigint;
}

/**
 * The figures of a day. They take several statements, so that they fit together only in a transaction that sees one moment:
 * with `RepeatableRead` or `Serializable`.
 */
@Injectable()
export class DayTakings {
  constructor(
    private readonly sales: SaleTotals,
    private readonly payments: PaymentTotals,
    private readonly refunds: RefundTotals,
    private readonly db: Database,
  ) {}

  /** @param registerId - undefined takes all registers together */
  async of(businessDay: Date, registerId?: number): Promise<Takings> {
    const where = { businessDay, ...(registerId !== undefined && { registerId }) };
    const sold = await this.sales.aggregate({ where, _count: true, _sum: { totalCents: true } });
    const refunded = await this.refunds.aggregate({ where, _count: true, _sum: { amountCents: true } });
    const paid = await this.payments.aggregate({
      where: { method: 'CASH', sale: where },
      _sum: { amountCents: true },
    });
    const refundCents = refunded._sum.amountCents ?? 0n;
    return {
      sales: sold._count,
      salesCents: sold._sum.totalCents ?? 0n,
      refunds: refunded._count,
      refundCents,
      cashCents: (paid._sum.amountCents ?? 0n) - refundCents,
    };
  }

  /** Of all goods, on the shop floor and in the storages, at the prices of this moment; what was withdrawn is still there. */
  async stockValueCents(): Promise<Prisma.Decimal> {
    const [row] = await this.db.sql<{ value: Prisma.Decimal }>`
      SELECT coalesce(sum(p.price_cents::numeric * s.quantity), 0) AS value
      FROM product p JOIN (
        SELECT product_id, quantity FROM stock_item UNION ALL SELECT product_id, quantity FROM stored_item
      ) AS s ON s.product_id = p.id
      WHERE p.currency = ${TILL_CURRENCY}`;
    // A sum without a group is always one row.
    return row?.value as Prisma.Decimal;
  }
}
