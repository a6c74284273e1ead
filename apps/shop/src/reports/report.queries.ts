import { Injectable } from '@nestjs/common';
import { Database } from 'nestjs-database';
import type { Days } from './report-days.js';
import { LOW_STOCK, SALES_BY_DAY, SALES_BY_PRODUCT, TOP_CUSTOMERS } from './report.sql.js';

/** The orders a report counts: those of some days, in one currency. */
export interface Sold extends Days {
  readonly currency: string;
}

/** Texts of digits are exact numbers that may exceed what JSON holds. */
export interface Sales {
  readonly orders: number;
  readonly pieces: string;
  readonly revenueCents: string;
}

export interface SalesOfDay extends Sales {
  readonly day: string;
}

export interface SalesOfProduct extends Sales {
  readonly productId: number;
  readonly sku: string;
  readonly name: string;
}

export interface TopCustomer {
  readonly customerId: number;
  readonly name: string;
  readonly orders: number;
  readonly revenueCents: string;
  readonly lastOrderAt: Date;
}

export interface LowStock {
  readonly productId: number;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly reorderLevel: number;
}

/** Each report is one statement, and so a picture of one moment. */
@Injectable()
export class ReportQueries {
  constructor(private readonly db: Database) {}

  /** One row for every day, those without a sale included. */
  async salesByDay({ from, to, currency }: Sold): Promise<SalesOfDay[]> {
    return await this.db.query<SalesOfDay>(SALES_BY_DAY, [from, to, currency]);
  }

  /** The best first; products without a sale are left out. */
  async salesByProduct({ from, to, currency }: Sold, limit: number): Promise<SalesOfProduct[]> {
    return await this.db.query<SalesOfProduct>(SALES_BY_PRODUCT, [from, to, currency, limit]);
  }

  async topCustomers({ from, to, currency }: Sold, limit: number): Promise<TopCustomer[]> {
    return await this.db.query<TopCustomer>(TOP_CUSTOMERS, [from, to, currency, limit]);
  }

  /**
   * What is for sale and has to be ordered again, the most urgent first.
   *
   * @param threshold - a quantity for all; undefined compares each product with its own reorder level
   */
  async lowStock(threshold: number | undefined, limit: number): Promise<LowStock[]> {
    return await this.db.query<LowStock>(LOW_STOCK, [threshold ?? null, limit]);
  }
}
