import { Injectable } from '@nestjs/common';
import { Transactional, TransactionManager } from 'nestjs-database';
import { ShelfService } from '../inventory/shelf.service.js';
import type { WantedProduct } from '../inventory/wanted-products.js';
import { LinePricing } from '../orders/line-pricing.js';
import { ReceiptPrinter } from '../receipts/receipt-printer.js';
import { ForeignCurrencyError } from '../registers/register.errors.js';
import { RegisterNumbers } from '../registers/register-numbers.js';
import { TILL_CURRENCY } from '../registers/till-currency.js';
import { InsufficientCashError, SaleNotFoundError } from './sale.errors.js';
import { SaleRepository, type SaleWithLines } from './sale.repository.js';

@Injectable()
export class SaleService {
  constructor(
    private readonly transactions: TransactionManager,
    private readonly pricing: LinePricing,
    private readonly shelves: ShelfService,
    private readonly numbers: RegisterNumbers,
    private readonly sales: SaleRepository,
    private readonly printer: ReceiptPrinter,
  ) {}

  /** @throws {SaleNotFoundError} */
  async get(id: bigint): Promise<SaleWithLines> {
    const sale = await this.sales.findWithLines(id);
    if (sale === null) throw new SaleNotFoundError(id);
    return sale;
  }

  /**
   * Sells over the counter, for cash: the goods leave the floor, the sale and its payment are written, and the receipt has the
   * register's next number; all of it happens or nothing. The receipt is printed after the commit, as paper cannot be
   * taken back.
   *
   * A COMMIT whose answer was lost is looked into (`verify`): the customer is standing there, and nobody should have to guess
   * whether they have paid.
   *
   * @throws {ProductNotFoundError}
   * @throws {ProductInactiveError}
   * @throws {MixedCurrenciesError}
   * @throws {ForeignCurrencyError}
   * @throws {InsufficientCashError}
   * @throws {InsufficientStockError}
   * @throws {RegisterNotFoundError}
   * @throws {RegisterClosedError}
   */
  @Transactional({ verify: 'xid' })
  async sell(
    registerId: number,
    items: readonly WantedProduct[],
    tenderedCents: bigint,
  ): Promise<SaleWithLines> {
    const { lines, offers, currency, totalCents } = await this.pricing.price(items);
    if (currency !== TILL_CURRENCY) throw new ForeignCurrencyError(currency);
    if (tenderedCents < totalCents) throw new InsufficientCashError(totalCents, tenderedCents);
    await this.shelves.take(lines, offers);
    const { number: receiptNo, businessDay } = await this.numbers.nextReceipt(registerId);
    const sale = await this.sales.record({
      registerId,
      receiptNo,
      businessDay,
      currency,
      totalCents,
      tenderedCents,
      lines,
    });
    this.transactions.afterCommit(() => {
      this.print(sale);
    });
    return sale;
  }

  private print({ registerId, receiptNo, lines, totalCents, currency }: SaleWithLines): void {
    this.printer.print({
      kind: 'Receipt',
      registerId,
      number: receiptNo,
      lines: lines.map(({ quantity, product, lineTotalCents }) => {
        return { quantity, productName: product.name, cents: lineTotalCents };
      }),
      totalCents,
      currency,
    });
  }
}
