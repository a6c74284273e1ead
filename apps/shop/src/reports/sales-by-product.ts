import type { Database } from 'nestjs-database';
import { momentsOf, type Sold } from './report-days.js';

/** Each product that was sold, the best first: a common table expression, with names that the compiler checks. */
export function salesByProduct({ kysely }: Database, { currency, ...days }: Sold, limit: number) {
  const { begin, end } = momentsOf(days);
  return kysely
    .with('sold', (query) =>
      query
        .selectFrom('customer_order as o')
        .innerJoin('order_item as i', 'i.order_id', 'o.id')
        .where('o.placed_at', '>=', begin)
        .where('o.placed_at', '<', end)
        .where('o.status', '<>', 'CANCELLED')
        .where('o.currency', '=', currency)
        .groupBy('i.product_id')
        .select(({ fn }) => [
          'i.product_id',
          fn.countAll().as('orders'),
          fn.sum('i.quantity').as('pieces'),
          fn.sum('i.line_total_cents').as('revenue'),
        ]),
    )
    .selectFrom('sold as s')
    .innerJoin('product as p', 'p.id', 's.product_id')
    .select((eb) => [
      'p.id as productId',
      'p.sku',
      'p.name',
      eb.cast<number>('s.orders', 'integer').as('orders'),
      // Numeric: a sum may leave the range of bigint, and of JavaScript's numbers earlier.
      eb.cast<string>('s.pieces', 'text').as('pieces'),
      eb.cast<string>('s.revenue', 'text').as('revenueCents'),
    ])
    .orderBy('s.revenue', 'desc')
    .orderBy('p.id')
    .limit(limit);
}
