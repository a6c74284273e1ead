import { Injectable } from '@nestjs/common';
import { Database } from 'nestjs-database';
import type { Sold } from './report-days.js';
import { LOW_STOCK, SALES_BY_DAY, SALES_BY_PRODUCT, TOP_CUSTOMERS } from './report.sql.js';
import type { LowStockView, SalesOfDayView, SalesOfProductView, TopCustomerView } from './report.view.js';

/** Each report is one statement, and so a picture of one moment. Its columns are named as the answer names them. */
@Injectable()
export class ReportQueries {
  constructor(private readonly db: Database) {}

  /** One row for every day, those without a sale included. */
  async salesByDay({ from, to, currency }: Sold): Promise<SalesOfDayView[]> {
    return await this.db.query<SalesOfDayView>(SALES_BY_DAY, [from, to, currency]);
  }

  /** The best first; products without a sale are left out. */
  async salesByProduct({ from, to, currency }: Sold, limit: number): Promise<SalesOfProductView[]> {
    return await this.db.query<SalesOfProductView>(SALES_BY_PRODUCT, [from, to, currency, limit]);
  }

  async topCustomers({ from, to, currency }: Sold, limit: number): Promise<TopCustomerView[]> {
    return await this.db.query<TopCustomerView>(TOP_CUSTOMERS, [from, to, currency, limit]);
  }

  /**
   * What is for sale and has to be ordered again, the most urgent first.
   *
   * @param threshold - a quantity for all; undefined compares each product with its own reorder level
   */
  async lowStock(threshold: number | undefined, limit: number): Promise<LowStockView[]> {
    return await this.db.query<LowStockView>(LOW_STOCK, [threshold ?? null, limit]);
  }
}
