// Checked by `npm run typecheck`: an unused @ts-expect-error is an error itself.
import { expectTypeOf } from 'expect-type';
import type { AnyTables, Database, QueryBuilder, Sql, TypedDatabase } from 'nestjs-database';
import type { Prisma } from '../../apps/shop/src/generated/prisma/client.js';
import type { OrderStatus } from '../../apps/shop/src/generated/tables/tables.js';

declare const db: Database;
declare const unregistered: TypedDatabase<AnyTables>;

export async function rowsAreWhatTheExecutorGives(): Promise<void> {
  const [product] = await db.getQueryBuilder().from('product').get();
  expectTypeOf(product!.weight_kg).toEqualTypeOf<Prisma.Decimal>();
  expectTypeOf(product!.description).toEqualTypeOf<string | null>();
  expectTypeOf(product!.created_at).toEqualTypeOf<Date>();
  const order = await db.getQueryBuilder().from('customer_order').first();
  expectTypeOf(order!.id).toEqualTypeOf<bigint>();
  expectTypeOf(order!.status).toEqualTypeOf<OrderStatus>();
  expectTypeOf(await db.getQueryBuilder().from('product').count()).toEqualTypeOf<number>();
  for await (const { sku } of db.getQueryBuilder().from('product').select('sku').stream())
    expectTypeOf(sku).toEqualTypeOf<string>();
}

export async function selectShapesTheRows(): Promise<void> {
  const query = db.getQueryBuilder().from('product as p');
  const rows = await query.select('p.sku', 'price_cents as price', 'p.weight_kg as weight').get();
  expectTypeOf(rows).toEqualTypeOf<{ sku: string; price: number; weight: Prisma.Decimal }[]>();
  const computed = await query
    .select('category_id')
    .select(({ count, sum, max, value }) => ({
      products: count(),
      total: sum<bigint>('price_cents'),
      newest: max('p.created_at'),
      day: value<Date>(db.sql`date_trunc('day', created_at)`),
    }))
    .groupBy('category_id')
    .having(({ count }) => count(), '>', 1)
    .orderBy('total', 'desc', 'last')
    .first();
  expectTypeOf(computed).toEqualTypeOf<{
    category_id: number;
    products: bigint;
    total: bigint | null;
    newest: Date | null;
    day: Date;
  } | null>();
  // @ts-expect-error -- no such table
  db.getQueryBuilder().from('produkt');
  // @ts-expect-error -- no such column
  query.select('prise');
  // @ts-expect-error -- the alias hides the name of the table
  query.select('product.sku');
  // @ts-expect-error -- no such column
  query.select(({ sum }) => ({ x: sum('prise') }));
  // @ts-expect-error -- neither a column nor a selected name
  query.orderBy('total');
  // @ts-expect-error -- no direction
  query.orderBy('sku', 'upwards');
  // @ts-expect-error -- a number
  query.limit('10');
}

export function conditionsAreChecked(): void {
  const query = db.getQueryBuilder().from('product');
  query
    .where('price_cents', '>=', 100)
    .where('weight_kg', '<', '1.5')
    .where('weight_kg', '<', 1.5)
    .where('product.name', 'contains', 'x')
    .where('active', 'is', true)
    .whereIn('category_id', [1, 2])
    .whereNull('description')
    .whereBetween('created_at', new Date(0), new Date())
    .where('price_cents', '>', db.sql`reorder_level * ${2}`)
    .where((group) => group.where('sku', '=', 'x').orWhere('name', 'ilike', 'y'))
    .where(db.sql`true`)
    .where(db.identifier('we.ird'), '=', 1);
  // @ts-expect-error -- no such column
  query.where('prise', '=', 1);
  // @ts-expect-error -- no such operator
  query.where('price_cents', '=>', 1);
  // @ts-expect-error -- a text for a number
  query.where('price_cents', '=', '1');
  // @ts-expect-error -- null equals nothing
  query.where('description', '=', null);
  // @ts-expect-error -- undefined is no value
  query.where('sku', '=', undefined);
  // @ts-expect-error -- an object for a text
  query.where('sku', '=', { not: '' });
  // @ts-expect-error -- one value for a list
  query.where('category_id', 'in', 1);
  // @ts-expect-error -- a list of another type
  query.whereIn('category_id', ['1']);
  // @ts-expect-error -- no such status
  db.getQueryBuilder().from('customer_order').where('status', '=', 'LOST');
  // @ts-expect-error -- a column of another table in a group
  query.where((group) => group.where('slug', '=', 'x'));
}

export async function joinsKnowBothSides(): Promise<void> {
  const products = db.getQueryBuilder().from('product as p');
  const inner = await products
    .innerJoin('category', 'category.id', 'p.category_id')
    .select('sku', 'category.slug')
    .get();
  expectTypeOf(inner).toEqualTypeOf<{ sku: string; slug: string }[]>();
  const left = await products
    .leftJoin('stock_item as s', 's.product_id', 'p.id')
    .select('sku', 's.quantity')
    .get();
  expectTypeOf(left).toEqualTypeOf<{ sku: string; quantity: number | null }[]>();
  const right = await products
    .rightJoin('category as c', 'c.id', 'p.category_id')
    .select('sku', 'c.slug')
    .get();
  expectTypeOf(right).toEqualTypeOf<{ sku: string | null; slug: string }[]>();
  const full = await products
    .fullJoin('category as c', 'c.id', 'p.category_id')
    .select('sku', 'c.slug')
    .get();
  expectTypeOf(full).toEqualTypeOf<{ sku: string | null; slug: string | null }[]>();
  // @ts-expect-error -- no such column on either side
  products.innerJoin('category', 'category.id', 'p.categoryId');
  // @ts-expect-error -- a query of several tables does not write
  products.innerJoin('category', 'category.id', 'p.category_id').delete();
}

export async function writesAreChecked(): Promise<void> {
  const items = db.getQueryBuilder().from('stock_item');
  expectTypeOf(await items.insert({ product_id: 1, updated_at: new Date() })).toEqualTypeOf<number>();
  expectTypeOf(await items.where('product_id', '=', 1).delete()).toEqualTypeOf<number>();
  const changed = await items
    .where('product_id', '=', 1)
    .update({ quantity: db.sql`quantity - ${1}` })
    .where('quantity', '>', 0)
    .returning('quantity as left');
  expectTypeOf(changed).toEqualTypeOf<{ left: number }[]>();
  const whole = await items.update({ quantity: 0 }).all().returning().first();
  expectTypeOf(whole!.updated_at).toEqualTypeOf<Date>();
  // @ts-expect-error -- a required column is missing
  items.insert({ quantity: 1 });
  // @ts-expect-error -- no such column
  items.insert({ product_id: 1, updated_at: new Date(), quantty: 1 });
  // @ts-expect-error -- a text for a number
  items.update({ quantity: '1' });
  // @ts-expect-error -- no such column
  items.update({ quantity: 1 }).all().returning('quantty');
}

export async function withoutRegisteredTablesEverythingGoes(): Promise<void> {
  expectTypeOf(unregistered.getQueryBuilder()).toEqualTypeOf<QueryBuilder<AnyTables>>();
  const query = unregistered.getQueryBuilder().from('anything as a');
  const rows = await query
    .where('a.some', '>', 1)
    .whereIn('other', ['x'])
    .select('a.some', 'other as name')
    .get();
  expectTypeOf(rows).toEqualTypeOf<{ some: unknown; name: unknown }[]>();
  expectTypeOf(await unregistered.getQueryBuilder().from('anything').get()).toEqualTypeOf<
    Record<string, unknown>[]
  >();
  await unregistered
    .getQueryBuilder()
    .from('anything')
    .insert([{ some: 1 }, { other: db.sql`now()` }]);
  await unregistered.getQueryBuilder().from('anything').where('some', '=', 1).update({ other: null });
  // @ts-expect-error -- an operator that there is not
  query.where('some', '=>', 1);
}

export async function sqlSaysWhatItsRowsAre(): Promise<void> {
  const query = db.sql<{ one: number }>`SELECT ${1} AS one`;
  expectTypeOf(query).toEqualTypeOf<Sql<{ one: number }>>();
  expectTypeOf(await query).toEqualTypeOf<{ one: number }[]>();
  expectTypeOf(await query.first()).toEqualTypeOf<{ one: number } | null>();
  for await (const row of query.stream({ batchSize: 10 })) expectTypeOf(row).toEqualTypeOf<{ one: number }>();
  expectTypeOf(await db.sql`SELECT 1`).toEqualTypeOf<Record<string, unknown>[]>();
  const kysely = await db.kysely.selectFrom('product').select(['sku', 'weight_kg']).execute();
  expectTypeOf(kysely).toEqualTypeOf<{ sku: string; weight_kg: Prisma.Decimal }[]>();
  // @ts-expect-error -- no such column
  db.kysely.selectFrom('product').select('prise');
  // @ts-expect-error -- a function call with a text is no template
  db.sql('SELECT 1');
}
