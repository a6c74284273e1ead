/*
 * The reports as SQL: what models cannot say. Parameters: $1 first day, $2 last day, $3 currency, $4 limit.
 *
 * - Every order counts but a cancelled one: from the moment it is placed its goods are off the shelf. An order that is
 *   cancelled later leaves the reports of the day it was placed on.
 * - Days are those of UTC, whatever the session's time zone is.
 * - Sums are numeric and come as text: they may leave the range of bigint, and of JavaScript's numbers earlier.
 */

/** Both ends as moments, so that the index over `placed_at` answers and not a computation for every order. */
const SOLD = `
  o.placed_at >= ($1::date)::timestamp AT TIME ZONE 'UTC'
  AND o.placed_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
  AND o.status <> 'CANCELLED' AND o.currency = $3`;

export const SALES_BY_DAY = `
SELECT to_char(d.day, 'YYYY-MM-DD') AS "day", coalesce(s.orders, 0)::int AS "orders",
  coalesce(s.pieces, 0)::text AS "pieces", coalesce(s.revenue, 0)::text AS "revenueCents"
FROM (SELECT $1::date + number AS day FROM generate_series(0, $2::date - $1::date) AS number) AS d
LEFT JOIN (
  SELECT (o.placed_at AT TIME ZONE 'UTC')::date AS day, count(DISTINCT o.id) AS orders,
    sum(i.quantity) AS pieces, sum(i.line_total_cents) AS revenue
  FROM customer_order o JOIN order_item i ON i.order_id = o.id
  WHERE ${SOLD}
  GROUP BY 1
) AS s ON s.day = d.day
ORDER BY d.day`;

export const SALES_BY_PRODUCT = `
SELECT p.id AS "productId", p.sku AS "sku", p.name AS "name", s.orders::int AS "orders",
  s.pieces::text AS "pieces", s.revenue::text AS "revenueCents"
FROM (
  SELECT i.product_id, count(*) AS orders, sum(i.quantity) AS pieces, sum(i.line_total_cents) AS revenue
  FROM customer_order o JOIN order_item i ON i.order_id = o.id
  WHERE ${SOLD}
  GROUP BY i.product_id
) AS s JOIN product p ON p.id = s.product_id
ORDER BY s.revenue DESC, p.id
LIMIT $4`;

export const TOP_CUSTOMERS = `
SELECT c.id AS "customerId", c.name AS "name", s.orders::int AS "orders", s.revenue::text AS "revenueCents",
  s.latest AS "lastOrderAt"
FROM (
  SELECT o.customer_id, count(*) AS orders, sum(o.total_cents) AS revenue, max(o.placed_at) AS latest
  FROM customer_order o
  WHERE ${SOLD}
  GROUP BY o.customer_id
) AS s JOIN customer c ON c.id = s.customer_id
ORDER BY s.revenue DESC, c.id
LIMIT $4`;

/**
 * $1 threshold or null, $2 limit. It reads every row of the table, one for each product: an index over `quantity` would
 * have to change with each order, and cost every sale more than it saves this report.
 */
export const LOW_STOCK = `
SELECT p.id AS "productId", p.sku AS "sku", p.name AS "name", s.quantity AS "quantity", s.reorder_level AS "reorderLevel"
FROM stock_item s JOIN product p ON p.id = s.product_id
WHERE s.quantity <= coalesce($1::int, s.reorder_level) AND p.active AND p.deleted_at IS NULL
ORDER BY s.quantity - s.reorder_level, p.id
LIMIT $2`;
