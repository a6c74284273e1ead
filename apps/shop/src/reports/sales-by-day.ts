import type { Database, Sql } from 'nestjs-database';
import type { Sold } from './report-days.js';
import type { SalesOfDayView } from './report.view.js';
import { soldOrders } from './sold-orders.js';

/** One row for every day, those without a sale included: SQL that no model and no builder says as clearly. */
export function salesByDay(db: Database, sold: Sold): Sql<SalesOfDayView> {
  const { from, to } = sold;
  return db.sql<SalesOfDayView>`
    SELECT to_char(d.day, 'YYYY-MM-DD') AS "day", coalesce(s.orders, 0)::int AS "orders",
      coalesce(s.pieces, 0)::text AS "pieces", coalesce(s.revenue, 0)::text AS "revenueCents"
    FROM (SELECT ${from}::date + number AS day FROM generate_series(0, ${to}::date - ${from}::date) AS number) AS d
    LEFT JOIN (
      SELECT (o.placed_at AT TIME ZONE 'UTC')::date AS day, count(DISTINCT o.id) AS orders,
        sum(i.quantity) AS pieces, sum(i.line_total_cents) AS revenue
      FROM customer_order o JOIN order_item i ON i.order_id = o.id
      WHERE ${soldOrders(db, sold)}
      GROUP BY 1
    ) AS s ON s.day = d.day
    ORDER BY d.day`;
}
