import { Injectable } from '@nestjs/common';
import { Database } from 'nestjs-database';
import { lowStock } from './low-stock.js';
import type { Sold } from './report-days.js';
import type { LowStockView, SalesOfDayView, SalesOfProductView, TopCustomerView } from './report.view.js';
import { salesByDay } from './sales-by-day.js';
import { salesByProduct } from './sales-by-product.js';
import { topCustomers } from './top-customers.js';

/**
 * Each report is one statement, and so a picture of one moment. Its columns are named as the answer names them; sums are
 * numeric and come as text, as they may leave the range of bigint, and of JavaScript's numbers earlier.
 */
@Injectable()
export class ReportQueries {
  constructor(private readonly db: Database) {}

  async salesByDay(sold: Sold): Promise<SalesOfDayView[]> {
    return await salesByDay(this.db, sold);
  }

  async salesByProduct(sold: Sold, limit: number): Promise<SalesOfProductView[]> {
    return await salesByProduct(this.db, sold, limit).execute();
  }

  async topCustomers(sold: Sold, limit: number): Promise<TopCustomerView[]> {
    return await topCustomers(this.db, sold, limit);
  }

  /** @param threshold - a quantity for all; undefined compares each product with its own reorder level */
  async lowStock(threshold: number | undefined, limit: number): Promise<LowStockView[]> {
    return await lowStock(this.db, threshold, limit).get();
  }
}
