import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { shopMigrations } from '../integration/migration/migration-fixture.js';
import { ShopProcess } from '../support/shop-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

jest.setTimeout(180_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterAll(async () => {
  await database.drop();
});

describe('eight instances of the shop', () => {
  // Naive (the engine's own lock): with CREATE INDEX CONCURRENTLY among the migrations the instances deadlock.
  it('start at once on an empty database, apply each migration once, fill it once, and all become ready', async () => {
    const env = {
      DATABASE_URL: database.url,
      SHOP_SEED: 'true',
      REDIS_URL: process.env.TEST_REDIS_URL ?? '',
    };
    const shops = Array.from({ length: 8 }, () => new ShopProcess('node', env));
    try {
      await Promise.all(shops.map((shop) => shop.open()));
      const ready = await Promise.all(shops.map(async (shop) => (await fetch(`${shop.url}/readyz`)).status));
      expect(ready).toEqual(Array.from({ length: 8 }, () => 200));

      const applied = await database.query<{ migration_name: string; applied_steps_count: number }>(
        'SELECT migration_name, applied_steps_count FROM _prisma_migrations ORDER BY migration_name',
      );
      expect(applied).toEqual(
        shopMigrations().map((migration_name) => ({ migration_name, applied_steps_count: 1 })),
      );
      const [counts] = await database.query(
        'SELECT (SELECT count(*)::int FROM product) AS products, (SELECT count(*)::int FROM customer) AS customers, (SELECT count(*)::int FROM customer_order) AS orders',
      );
      expect(counts).toEqual({ products: 1_000, customers: 200, orders: 5_000 });
      expect(shops.filter(({ stdout }) => stdout.includes('Sample data was put'))).toHaveLength(1);
    } finally {
      for (const shop of shops) shop.kill('SIGTERM');
      await Promise.all(shops.map((shop) => shop.exited));
    }
    for (const shop of shops) expect(shop.descendants()).toEqual([]);
  });
});
