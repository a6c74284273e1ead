import { Injectable } from '@nestjs/common';
import { Transactional, TransactionManager } from 'nestjs-database';
import { ShelfService } from '../inventory/shelf.service.js';
import { mergeWanted } from '../inventory/wanted-products.js';
import { OrderNotFoundError } from '../orders/order.errors.js';
import { OrderRepository } from '../orders/order.repository.js';
import { ReceiptPrinter } from '../receipts/receipt-printer.js';
import { ForeignCurrencyError } from '../registers/register.errors.js';
import { RegisterNumbers } from '../registers/register-numbers.js';
import { TILL_CURRENCY } from '../registers/till-currency.js';
import { SaleNotFoundError } from '../sales/sale.errors.js';
import { SaleRepository } from '../sales/sale.repository.js';
import { BoughtLines, type ReturnedLine } from './bought-lines.js';
import { RefundRepository, type RefundWithLines } from './refund.repository.js';
import { OrderCancelledError, PaidByCardError, type Purchase } from './return.errors.js';

/**
 * Takes goods back and pays for them in cash, at the price they were bought for: what came back is counted on the line, the
 * goods go back to the floor, and the refund is written; all of it happens or nothing.
 */
@Injectable()
export class ReturnService {
  constructor(
    private readonly transactions: TransactionManager,
    private readonly sales: SaleRepository,
    private readonly orders: OrderRepository,
    private readonly bought: BoughtLines,
    private readonly shelves: ShelfService,
    private readonly numbers: RegisterNumbers,
    private readonly refunds: RefundRepository,
    private readonly printer: ReceiptPrinter,
  ) {}

  /**
   * @throws {SaleNotFoundError}
   * @throws what `takeBack` of {@link BoughtLines} and `nextRefund` of {@link RegisterNumbers} throw
   */
  @Transactional({ verify: 'xid' })
  async ofSale(id: bigint, registerId: number, lines: readonly ReturnedLine[]): Promise<RefundWithLines> {
    const sale = await this.sales.findById(id);
    if (sale === null) throw new SaleNotFoundError(id);
    return await this.refund({ kind: 'Sale', id }, registerId, lines);
  }

  /**
   * @throws {OrderNotFoundError}
   * @throws {OrderCancelledError}
   * @throws {PaidByCardError}
   * @throws {ForeignCurrencyError}
   * @throws what `takeBack` of {@link BoughtLines} and `nextRefund` of {@link RegisterNumbers} throw
   */
  @Transactional({ verify: 'xid' })
  async ofOrder(id: bigint, registerId: number, lines: readonly ReturnedLine[]): Promise<RefundWithLines> {
    const order = await this.orders.findById(id, { include: { payment: { select: { key: true } } } });
    if (order === null) throw new OrderNotFoundError(id);
    if (order.status === 'CANCELLED') throw new OrderCancelledError(id);
    if (order.payment !== null) throw new PaidByCardError(id, order.payment.key);
    if (order.currency !== TILL_CURRENCY) throw new ForeignCurrencyError(order.currency);
    return await this.refund({ kind: 'Order', id }, registerId, lines);
  }

  private async refund(
    purchase: Purchase,
    registerId: number,
    returned: readonly ReturnedLine[],
  ): Promise<RefundWithLines> {
    const taken = await this.bought.takeBack(purchase, returned);
    // Then the stock and the register, as in a sale: whoever locks rows of several tables does it in this order.
    await this.shelves.putBack(mergeWanted(taken));
    const { number: refundNo, businessDay } = await this.numbers.nextRefund(registerId);
    const lines = taken.map(({ lineNo, productId, quantity, unitPriceCents }) => {
      return { lineNo, productId, quantity, amountCents: BigInt(unitPriceCents) * BigInt(quantity) };
    });
    const amountCents = lines.reduce((sum, line) => sum + line.amountCents, 0n);
    const refund = await this.refunds.record({
      purchase,
      registerId,
      refundNo,
      businessDay,
      currency: TILL_CURRENCY,
      amountCents,
      lines,
    });
    this.transactions.afterCommit(() => {
      this.print(refund);
    });
    return refund;
  }

  private print({ registerId, refundNo, lines, amountCents, currency }: RefundWithLines): void {
    this.printer.print({
      kind: 'Refund',
      registerId,
      number: refundNo,
      lines: lines.map((line) => {
        return { quantity: line.quantity, productName: line.product.name, cents: line.amountCents };
      }),
      totalCents: amountCents,
      currency,
    });
  }
}
