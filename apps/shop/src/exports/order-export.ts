import type { Database } from 'nestjs-database';
import { momentsOf, type Days } from '../reports/report-days.js';
import type { CsvValue } from './csv.js';

interface ExportedLine {
  readonly order_id: bigint;
  readonly placed_at: Date;
  readonly status: string;
  readonly customer_id: number;
  readonly name: string;
  readonly line_no: number;
  readonly sku: string;
  readonly quantity: number;
  readonly unit_price_cents: number;
  readonly line_total_cents: bigint;
  readonly currency: string;
}

export const ORDER_COLUMNS = [
  'orderId', 'placedAt', 'status', 'customerId', 'customer', 'lineNo', 'sku', 'quantity', 'unitPriceCents',
  'lineTotalCents', 'currency',
] as const; // prettier-ignore

/** Every line of every order of these days, the cancelled ones included: bookkeeping wants to see them. */
const ORDER_LINES = `
  SELECT o.id AS order_id, o.placed_at, o.status, o.customer_id, c.name, i.line_no, p.sku, i.quantity,
    i.unit_price_cents, i.line_total_cents, o.currency
  FROM customer_order o
  JOIN customer c ON c.id = o.customer_id
  JOIN order_item i ON i.order_id = o.id
  JOIN product p ON p.id = i.product_id
  WHERE o.placed_at >= $1 AND o.placed_at < $2
  ORDER BY o.placed_at, o.id, i.line_no`;

/** One batch of rows is in memory, however many there are. */
export async function* orderLines(db: Database, days: Days): AsyncGenerator<readonly CsvValue[], void> {
  const { begin, end } = momentsOf(days);
  for await (const row of db.stream<ExportedLine>(ORDER_LINES, [begin, end])) {
    yield [
      row.order_id, row.placed_at, row.status, row.customer_id, row.name, row.line_no, row.sku, row.quantity,
      row.unit_price_cents, row.line_total_cents, row.currency,
    ]; // prettier-ignore
  }
}
