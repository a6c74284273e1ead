import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createShop } from '../src/app.factory.js';
import { SeedService } from '../src/seed/seed.service.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

const QUIET = { log: () => undefined, warn: () => undefined, error: () => undefined };

describe('the sample data', () => {
  let database: TestDatabase;
  let seeded: boolean[];
  beforeAll(async () => {
    database = await createTestDatabase();
    const shops = await Promise.all([1, 2, 3].map(() => createShop({ databaseUrl: database.url }, QUIET)));
    seeded = await Promise.all(shops.map((shop) => shop.get(SeedService).seedIfEmpty()));
    await Promise.all(shops.map((shop) => shop.close()));
  });
  afterAll(async () => {
    await database.drop();
  });

  it('are put in exactly once when several instances start at once', async () => {
    expect(seeded.filter(Boolean)).toHaveLength(1);
    const [counts] = await database.query(`SELECT
      (SELECT count(*)::int FROM category) AS categories, (SELECT count(*)::int FROM product) AS products,
      (SELECT count(*)::int FROM stock_item) AS shelves, (SELECT count(*)::int FROM customer) AS customers,
      (SELECT count(*)::int FROM customer_order) AS orders`);
    expect(counts).toEqual({
      categories: 12,
      products: 1_000,
      shelves: 1_000,
      customers: 200,
      orders: 5_000,
    });
  });

  it('have orders of one to five lines whose totals are the sums of their lines', async () => {
    const wrong = await database.query(`
      SELECT o.id FROM customer_order o LEFT JOIN order_item i ON i.order_id = o.id
      GROUP BY o.id HAVING o.total_cents <> coalesce(sum(i.line_total_cents), -1) OR count(*) > 5`);
    expect(wrong).toEqual([]);
  });

  it('have no order that is older than its customer or its products', async () => {
    const wrong = await database.query(`
      SELECT o.id FROM customer_order o JOIN customer c ON c.id = o.customer_id
      JOIN order_item i ON i.order_id = o.id JOIN product p ON p.id = i.product_id
      WHERE o.placed_at < c.created_at OR o.placed_at < p.created_at`);
    expect(wrong).toEqual([]);
  });

  it('keep product 1 for sale with plenty of stock, for the examples', async () => {
    const [row] = await database.query<{ quantity: number; active: boolean }>(
      'SELECT quantity, active FROM product JOIN stock_item ON product_id = id WHERE id = 1',
    );
    expect(row).toEqual({ quantity: 1_000_000, active: true });
  });

  it('leave the sequences behind the last ids', async () => {
    const shop = await createShop({ databaseUrl: database.url }, QUIET);
    try {
      await shop.listen(0, '127.0.0.1');
      const response = await fetch(`${await shop.getUrl()}/orders`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Connection: 'close' },
        body: JSON.stringify({ customerId: 1, items: [{ productId: 1, quantity: 1 }] }),
      });
      expect(await response.json()).toMatchObject({ id: '5001' });
    } finally {
      await shop.close();
    }
  });
});

describe('a database that holds something', () => {
  it('is left as it is', async () => {
    const shop = await OpenShop.open();
    try {
      expect(await shop.app.get(SeedService).seedIfEmpty()).toBe(false);
      expect((await shop.get('/products?total=true')).body).toMatchObject({ totalCount: 0, items: [] });
    } finally {
      await shop.close();
    }
  });
});
