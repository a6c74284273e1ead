import type { Database } from 'nestjs-database';

/**
 * What is for sale and has to be ordered again, the most urgent first.
 *
 * It reads every row of the table, one for each product: an index over `quantity` would have to change with each order,
 * and cost every sale more than it saves this report.
 *
 * @param threshold - a quantity for all; undefined compares each product with its own reorder level
 */
export function lowStock(db: Database, threshold: number | undefined, limit: number) {
  const forSale = db
    .getQueryBuilder()
    .from('stock_item as s')
    .innerJoin('product as p', 'p.id', 's.product_id')
    .select('p.id as productId', 'p.sku', 'p.name', 's.quantity', 's.reorder_level as reorderLevel')
    .where('p.active', '=', true)
    .whereNull('p.deleted_at');
  return forSale
    .where('s.quantity', '<=', threshold ?? db.sql`s.reorder_level`)
    .orderBy(db.sql`s.quantity - s.reorder_level`)
    .orderBy('p.id')
    .limit(limit);
}
