import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import {
  ConstraintViolationError,
  DatabaseModule,
  RepositoryFor,
  TransactionManager,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}
@Injectable()
class ProductRepository extends RepositoryFor('product') {}
@Injectable()
class CustomerRepository extends RepositoryFor('customer') {}
@Injectable()
class OrderItemRepository extends RepositoryFor('orderItem') {}

const repositories = [CategoryRepository, ProductRepository, CustomerRepository, OrderItemRepository];
const product = (sku: string, name = sku) => ({ sku, name, priceCents: 1, weightKg: '1' });

/** The class, the constraint and the fields of what the call fails with. */
async function violationOf(call: Promise<unknown>): Promise<readonly unknown[]> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConstraintViolationError)) throw error;
  return [error.name, error.constraint, error.fields];
}

describe('The fields of a broken constraint', () => {
  let database: TestDatabase;
  let application: INestApplicationContext;
  let categories: CategoryRepository;
  let products: ProductRepository;
  let customers: CustomerRepository;

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(`TRUNCATE category, product, customer, customer_order RESTART IDENTITY CASCADE;
      CREATE UNIQUE INDEX one_name_per_shelf ON product (category_id, name);
      CREATE UNIQUE INDEX customer_name_key ON customer (lower(name));
      CREATE UNIQUE INDEX only_one_at_example ON customer (name) WHERE email LIKE '%@example.com';
      ALTER TABLE product ADD CONSTRAINT no_double_price UNIQUE (price_cents, currency, weight_kg);`);
  });
  beforeEach(async () => {
    await database.query('TRUNCATE category, product, customer, customer_order RESTART IDENTITY CASCADE');
    // Each test meets a connection that has not read the catalog yet.
    application = await startApplication({
      imports: [databaseModule(database), DatabaseModule.forFeature(repositories)],
    });
    categories = application.get(CategoryRepository);
    products = application.get(ProductRepository);
    customers = application.get(CustomerRepository);
    await categories.create({ data: { name: 'Office', slug: 'office', products: { create: product('A') } } });
  });
  afterEach(async () => {
    await application.close();
  });
  afterAll(async () => {
    await database.drop();
  });

  it('are those of the model where an index has several, mapped columns or a name of its own', async () => {
    expect(await violationOf(products.create({ data: { ...product('B', 'A'), categoryId: 1 } }))).toEqual([
      'UniqueViolationError',
      'one_name_per_shelf',
      ['categoryId', 'name'],
    ]);
    expect(await violationOf(products.create({ data: { ...product('B'), categoryId: 1 } }))).toEqual([
      'UniqueViolationError',
      'no_double_price',
      ['priceCents', 'currency', 'weightKg'],
    ]);
    expect(
      await violationOf(products.create({ data: { ...product('A', 'B'), weightKg: '2', categoryId: 1 } })),
    ).toEqual(['UniqueViolationError', 'product_sku_key', ['sku']]);
  });

  it('are the columns of a partial index, and none of an expression, whatever its name looks like', async () => {
    await customers.create({ data: { email: 'ada@example.com', name: 'Ada' } });
    expect(await violationOf(customers.create({ data: { email: 'b@example.org', name: 'ADA' } }))).toEqual([
      'UniqueViolationError',
      'customer_name_key',
      [],
    ]);
    await database.query('DROP INDEX customer_name_key');
    expect(await violationOf(customers.create({ data: { email: 'b@example.com', name: 'Ada' } }))).toEqual([
      'UniqueViolationError',
      'only_one_at_example',
      ['name'],
    ]);
    await database.query('CREATE UNIQUE INDEX customer_name_key ON customer (lower(name))');
  });

  it('are those of a reference, of a compound key and of a record that is written along', async () => {
    const items = application.get(OrderItemRepository);
    const item = { lineNo: 1, quantity: 1, unitPriceCents: 1, lineTotalCents: 1n };
    expect(
      await violationOf(products.create({ data: { ...product('B'), weightKg: '2', categoryId: 4711 } })),
    ).toEqual(['ForeignKeyViolationError', 'product_category_id_fkey', ['categoryId']]);
    const customer = await customers.create({ data: { email: 'a@example.com', name: 'Ada' } });
    const [order] = await database.query<{ id: string }>(
      'INSERT INTO customer_order (customer_id, total_cents) VALUES ($1, 1) RETURNING id',
      [customer.id],
    );
    const data = { ...item, orderId: BigInt(order?.id ?? 0), productId: 1 };
    await items.create({ data });
    expect(await violationOf(items.create({ data }))).toEqual([
      'UniqueViolationError',
      'order_item_pkey',
      ['orderId', 'lineNo'],
    ]);
    const garden = { name: 'Garden', slug: 'garden', products: { create: product('A', 'Rake') } };
    expect(
      await violationOf(
        categories.create({
          data: { ...garden, products: { create: { ...product('A', 'Rake'), weightKg: '3' } } },
        }),
      ),
    ).toEqual(['UniqueViolationError', 'product_sku_key', ['sku']]);
  });

  it('come with an error of a transaction as well, in which the catalog can no longer be asked', async () => {
    const transactions = application.get(TransactionManager);
    const duplicate = () => categories.create({ data: { name: 'Office', slug: 'other' } });
    const inside = await violationOf(transactions.run(duplicate));
    expect(inside).toEqual(['UniqueViolationError', 'category_name_key', ['name']]);
    expect(await violationOf(duplicate())).toEqual(inside);
  });
});
