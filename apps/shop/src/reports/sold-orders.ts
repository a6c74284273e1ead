import type { Database, Sql } from 'nestjs-database';
import { momentsOf, type Sold } from './report-days.js';

/**
 * The orders a report counts, as a condition on `customer_order o`.
 *
 * Every order counts but a cancelled one: from the moment it is placed its goods are off the shelf. An order that is
 * cancelled later leaves the reports of the day it was placed on. The column stands alone, so that its index answers
 * and not a computation for every order.
 */
export function soldOrders(db: Database, { currency, ...days }: Sold): Sql {
  const { begin, end } = momentsOf(days);
  return db.sql`o.placed_at >= ${begin} AND o.placed_at < ${end} AND o.status <> 'CANCELLED' AND o.currency = ${currency}`;
}
