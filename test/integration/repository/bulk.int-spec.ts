import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import {
  DatabaseModule,
  RepositoryFor,
  TransactionManager,
  UniqueViolationError,
  ValidationError,
} from '../../../libs/database/src/index.js';
import { Prisma } from '../../../apps/shop/src/generated/prisma/client.js';
import { POOL_CHANNELS, type PostgresQueryEvent } from '../../../libs/database/src/postgres/pool.events.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class ProductRepository extends RepositoryFor('product') {}
@Injectable()
class CategoryRepository extends RepositoryFor('category') {}
@Injectable()
class OrderRepository extends RepositoryFor('order') {}
@Injectable()
class CustomerRepository extends RepositoryFor('customer') {}
const REPOSITORIES = [ProductRepository, CategoryRepository, OrderRepository, CustomerRepository];

let database: TestDatabase;
let application: INestApplicationContext;
let products: ProductRepository;
let categories: CategoryRepository;
let orders: OrderRepository;
let customers: CustomerRepository;
let transactions: TransactionManager;

beforeAll(async () => {
  database = await createTestDatabase();
  application = await startApplication({
    imports: [
      databaseModule(database, { pool: { max: 3, min: 0 }, transaction: { timeoutMs: 60_000 } }),
      DatabaseModule.forFeature(REPOSITORIES),
    ],
  });
  products = application.get(ProductRepository);
  categories = application.get(CategoryRepository);
  orders = application.get(OrderRepository);
  customers = application.get(CustomerRepository);
  transactions = application.get(TransactionManager);
});
beforeEach(async () => {
  await database.query('TRUNCATE category, product, customer, customer_order RESTART IDENTITY CASCADE');
  await database.query("INSERT INTO category (name, slug) VALUES ('Tea', 'tea')");
});
afterAll(async () => {
  await application.close();
  await database.drop();
});

const product = (index: number) => ({
  sku: `sku-${index}`,
  name: `Product "${index}", {with} \\ and NULL`,
  priceCents: index,
  weightKg: new Prisma.Decimal('0.125'),
  categoryId: 1,
});
const productsOf = (count: number) => Array.from({ length: count }, (_, index) => product(index));

async function statementsOf<Result>(
  work: () => Promise<Result>,
): Promise<{ events: PostgresQueryEvent[]; result: Result }> {
  const events: PostgresQueryEvent[] = [];
  const listener = (event: unknown) => {
    events.push(event as PostgresQueryEvent);
  };
  subscribe(POOL_CHANNELS.query, listener);
  try {
    const result = await work();
    return { events, result };
  } finally {
    unsubscribe(POOL_CHANNELS.query, listener);
  }
}

describe('bulkInsert', () => {
  it('writes what createMany writes: the same values, defaults and times', async () => {
    const [one, other] = [product(1), { ...product(2), description: null, currency: 'USD', active: false }];
    await products.delegate.createMany({ data: [one, other] });
    const prismas = await products.findMany({ orderBy: { sku: 'asc' } });
    await database.query('TRUNCATE product RESTART IDENTITY CASCADE');
    const { inserted } = await products.bulkInsert([one, other]);
    expect(inserted).toBe(2);
    const ours = await products.findMany({ orderBy: { sku: 'asc' } });
    const withoutTimes = (list: typeof ours) =>
      list.map((each) => ({ ...each, createdAt: undefined, updatedAt: undefined }));
    expect(withoutTimes(ours)).toEqual(withoutTimes(prismas));
    for (const { createdAt, updatedAt } of ours) {
      expect(Math.abs(createdAt.getTime() - Date.now())).toBeLessThan(60_000);
      expect(Math.abs(updatedAt.getTime() - Date.now())).toBeLessThan(60_000);
    }
  });

  it('sends 20 000 rows, which are 120 000 values, with one parameter for each column and in one transaction', async () => {
    const { events, result } = await statementsOf(() => products.bulkInsert(productsOf(20_000)));
    expect(result.inserted).toBe(20_000);
    const inserts = events.filter(({ sql }) => sql.startsWith('INSERT'));
    expect(inserts).toHaveLength(4);
    expect(new Set(inserts.map(({ sql }) => sql)).size).toBe(1);
    expect(Math.max(...inserts.map(({ parameters }) => parameters.length))).toBeLessThan(12);
    expect(await products.count()).toBe(20_000);
  }, 120_000);

  it('writes nothing when a later chunk fails', async () => {
    const rows = [...productsOf(50), product(7)];
    await expect(products.bulkInsert(rows, { chunkSize: 10 })).rejects.toBeInstanceOf(UniqueViolationError);
    expect(await products.count()).toBe(0);
  });

  it('leaves duplicates out when told so, and counts what it has written', async () => {
    await products.bulkInsert(productsOf(5));
    const { inserted, records } = await products.bulkInsert(productsOf(8), {
      skipDuplicates: true,
      returning: ['sku', 'weightKg'],
    });
    expect(inserted).toBe(3);
    expect(records.map(({ sku }) => sku).sort()).toEqual(['sku-5', 'sku-6', 'sku-7']);
    expect(records[0]?.weightKg).toEqual(new Prisma.Decimal('0.125'));
  });

  it('gives each row its own default where only some give the column', async () => {
    const rows = [{ ...product(1), currency: 'USD' }, product(2), { ...product(3), currency: 'CHF' }];
    const { records } = await products.bulkInsert(rows, { returning: ['sku', 'currency'] });
    expect(Object.fromEntries(records.map(({ sku, currency }) => [sku, currency]))).toEqual({
      'sku-1': 'USD',
      'sku-2': 'EUR',
      'sku-3': 'CHF',
    });
  });

  it('joins the transaction of its caller, and goes with it', async () => {
    const failure = new Error('on purpose');
    const work = transactions.run(async () => {
      await products.bulkInsert(productsOf(30), { chunkSize: 10 });
      expect(await products.count()).toBe(30);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await products.count()).toBe(0);
  });

  it('writes bigints and enums', async () => {
    await customers.bulkInsert([{ email: 'a@example.com', name: 'A' }]);
    const rows = [
      { customerId: 1, totalCents: 2n ** 62n, status: 'PAID' as const },
      { customerId: 1, totalCents: 5n },
    ];
    const { records } = await orders.bulkInsert(rows, { returning: ['totalCents', 'status', 'placedAt'] });
    expect(records.map(({ totalCents, status }) => [totalCents, status])).toEqual([
      [2n ** 62n, 'PAID'],
      [5n, 'PLACED'],
    ]);
    expect(records[0]?.placedAt).toBeInstanceOf(Date);
  });

  it('names every row and field that cannot be written, and sends nothing', async () => {
    const rows = [
      product(1),
      { ...product(2), priceCents: '2' },
      { ...product(3), categoryId: undefined },
      { ...product(4), name: null },
      { ...product(5), category: { create: {} } },
      { ...product(6), sku: { sql: 'DROP TABLE product', values: [] } },
      { ...product(7), createdAt: 'yesterday' },
      { ...product(8), weightKg: 'heavy' },
      { ...product(9), name: 'a\0b' },
    ] as ReturnType<typeof product>[];
    const { events, result } = await statementsOf(() =>
      products.bulkInsert(rows).catch((error: unknown) => error),
    );
    expect(events).toHaveLength(0);
    expect(result).toBeInstanceOf(ValidationError);
    expect((result as ValidationError).problems.map(({ path }) => path)).toEqual([
      'rows.1.priceCents',
      'rows.2.categoryId',
      'rows.3.name',
      'rows.4.category',
      'rows.5.sku',
      'rows.6.createdAt',
      'rows.7.weightKg',
      'rows.8.name',
    ]);
    expect((result as Error).message).not.toContain('DROP');
  });

  it('does not cut off what is too long for its column', async () => {
    await expect(products.bulkInsert([{ ...product(1), currency: 'EURO' }])).rejects.toMatchObject({
      code: 'QUERY',
    });
    expect(await products.count()).toBe(0);
  });

  it.each(['2024-01-01T00:00:00', '1', 'March 7', '2024-02-30'])(
    'refuses the text %p for a moment, which would mean another one in every process',
    async (createdAt) => {
      const rows = [{ name: 'Ann', email: 'ann@example.com', createdAt }];
      await expect(customers.bulkInsert(rows)).rejects.toBeInstanceOf(ValidationError);
      expect(await customers.count()).toBe(0);
    },
  );

  it('names the fields of a broken constraint, and not its columns', async () => {
    await products.count();
    const row = { sku: 'A', name: 'A', priceCents: 1, weightKg: 1, categoryId: 99 };
    await expect(products.bulkInsert([row])).rejects.toMatchObject({
      code: 'FOREIGN_KEY_VIOLATION',
      fields: ['categoryId'],
    });
  });

  it('writes an empty list without asking the server', async () => {
    const { events, result } = await statementsOf(() => products.bulkInsert([]));
    expect(result).toEqual({ inserted: 0, records: [] });
    expect(events).toHaveLength(0);
  });
});

describe('bulkUpsert', () => {
  it('writes the new, changes the old in the named columns alone, and counts both', async () => {
    await products.bulkInsert(productsOf(3));
    await database.query("UPDATE product SET updated_at = '2020-01-01'");
    const rows = productsOf(5).map((row) => ({ ...row, priceCents: row.priceCents + 100, name: 'new' }));
    const outcome = await products.bulkUpsert(rows, { on: ['sku'], update: ['priceCents'] });
    expect(outcome).toEqual({ inserted: 2, updated: 3, unchanged: 0 });
    const found = await products.findMany({ orderBy: { sku: 'asc' } });
    expect(found.map(({ priceCents }) => priceCents)).toEqual([100, 101, 102, 103, 104]);
    expect(found.map(({ name }) => name === 'new')).toEqual([false, false, false, true, true]);
    for (const { updatedAt } of found) expect(updatedAt.getFullYear()).toBeGreaterThan(2020);
  });

  it('leaves old rows as they are when nothing is to be changed', async () => {
    await products.bulkInsert(productsOf(2));
    const rows = productsOf(3).map((row) => ({ ...row, priceCents: 7 }));
    expect(await products.bulkUpsert(rows, { on: ['sku'], update: [] })).toEqual({
      inserted: 1,
      updated: 0,
      unchanged: 2,
    });
    expect(await products.count({ where: { priceCents: 7 } })).toBe(1);
  });

  it('refuses two records of one key, which the server would refuse half-way', async () => {
    const rows = [...productsOf(3), { ...product(1), priceCents: 9 }];
    const { events, result } = await statementsOf(() =>
      products.bulkUpsert(rows, { on: ['sku'], update: ['priceCents'] }).catch((error: unknown) => error),
    );
    expect(result).toMatchObject({ code: 'VALIDATION', path: 'rows' });
    expect(events).toHaveLength(0);
  });

  it('takes a unique key alone, and says which ones there are', async () => {
    const wrong = products.bulkUpsert(productsOf(1), { on: ['name'] as never, update: ['priceCents'] });
    await expect(wrong).rejects.toThrow('`on` names no unique key of Product. It has [id], [sku].');
    const missing = products.bulkUpsert(productsOf(1), { on: ['sku'], update: ['description'] });
    await expect(missing).rejects.toMatchObject({ path: 'rows.0.description' });
    const ofKey = products.bulkUpsert(productsOf(1), { on: ['sku'], update: ['sku'] });
    await expect(ofKey).rejects.toMatchObject({ violations: [{ path: 'update.0' }] });
  });

  it('does not deadlock with another one of the same rows in another order', async () => {
    const rows = productsOf(500);
    const options = { on: ['sku'], update: ['priceCents'], chunkSize: 50 } as const;
    const shuffled = rows.map((_row, index) => rows[(index * 7) % 500] ?? product(0));
    const outcomes = await Promise.all([
      products.bulkUpsert(rows, options),
      products.bulkUpsert(rows.toReversed(), options),
      products.bulkUpsert(shuffled, options),
    ]);
    expect(outcomes.map(({ inserted }) => inserted).reduce((sum, each) => sum + each)).toBe(500);
    expect(outcomes.map(({ updated }) => updated).reduce((sum, each) => sum + each)).toBe(1_000);
  });
});

describe('More values than a statement can carry', () => {
  it('are split by Prisma for createMany and findMany, and by the repository for loadMany', async () => {
    const ids = Array.from({ length: 66_000 }, (_, index) => index + 1);
    const { events } = await statementsOf(async () => {
      expect(await categories.findMany({ where: { id: { in: ids } }, select: { id: true } })).toHaveLength(1);
      const rows = ids.slice(0, 33_000).map((id) => ({ name: `n${id}`, slug: `s${id}` }));
      await categories.createMany({ data: rows });
      expect(await categories.loadMany(ids.slice(0, 11_000), { select: { slug: true } })).toHaveLength(
        11_000,
      );
    });
    expect(events.length).toBeGreaterThanOrEqual(6);
    expect(Math.max(...events.map(({ parameters }) => parameters.length))).toBeLessThanOrEqual(65_535);
  }, 120_000);
});
