import type { Database } from 'nestjs-database';
import type { CsvValue } from './csv.js';

export const PRODUCT_COLUMNS = [
  'sku',
  'name',
  'category',
  'priceCents',
  'currency',
  'weightKg',
  'quantity',
] as const;

/** The price list: what is in the range, by SKU. The builder streams as well. */
export async function* productRows(db: Database): AsyncGenerator<readonly CsvValue[], void> {
  const products = db
    .getQueryBuilder()
    .from('product as p')
    .innerJoin('category as c', 'c.id', 'p.category_id')
    .leftJoin('stock_item as s', 's.product_id', 'p.id')
    .select(
      'p.sku',
      'p.name',
      'c.name as category',
      'p.price_cents',
      'p.currency',
      'p.weight_kg',
      's.quantity',
    )
    .where('p.active', '=', true)
    .whereNull('p.deleted_at')
    .orderBy('p.sku');
  for await (const row of products.stream()) {
    const { sku, name, category, price_cents, currency, weight_kg, quantity } = row;
    yield [sku, name, category, price_cents, currency, weight_kg, quantity];
  }
}
