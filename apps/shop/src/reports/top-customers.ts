import type { Database, Sql } from 'nestjs-database';
import type { Sold } from './report-days.js';
import type { TopCustomerView } from './report.view.js';
import { soldOrders } from './sold-orders.js';

/** Those who bought for the most. The names are looked up for the few that are shown. */
export function topCustomers(db: Database, sold: Sold, limit: number): Sql<TopCustomerView> {
  return db.sql<TopCustomerView>`
    SELECT c.id AS "customerId", c.name AS "name", s.orders::int AS "orders", s.revenue::text AS "revenueCents",
      s.latest AS "lastOrderAt"
    FROM (
      SELECT o.customer_id, count(*) AS orders, sum(o.total_cents) AS revenue, max(o.placed_at) AS latest
      FROM customer_order o
      WHERE ${soldOrders(db, sold)}
      GROUP BY o.customer_id
      ORDER BY revenue DESC, o.customer_id LIMIT ${limit}
    ) AS s JOIN customer c ON c.id = s.customer_id
    ORDER BY s.revenue DESC, c.id`;
}
