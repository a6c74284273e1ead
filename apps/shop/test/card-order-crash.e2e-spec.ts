import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ShopProcess } from '../../../test/support/shop-process.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { until } from '../../../test/support/until.js';
import { WatchedGateway } from './support/watched-gateway.js';

jest.setTimeout(120_000);

let database: TestDatabase;
let gateway: WatchedGateway;
const shops: ShopProcess[] = [];
/** What happens once the gateway has carried out the first request for this path, before it answers. */
const atFirst = new Map<string, () => void>();

beforeEach(async () => {
  database = await createTestDatabase();
  gateway = await WatchedGateway.open((path) => {
    atFirst.get(path)?.();
    atFirst.delete(path);
  });
});
afterEach(async () => {
  await Promise.all(shops.splice(0).map((shop) => shop.destroy()));
  await gateway.close();
  await database.drop();
});

async function openShop(): Promise<ShopProcess> {
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: process.env.TEST_REDIS_URL ?? '',
    SHOP_LEASE_MS: '1000',
    SHOP_PARTNERS_URL: gateway.url,
  };
  const shop = new ShopProcess('node', env);
  shops.push(shop);
  return await shop.open();
}

async function stockUp(): Promise<void> {
  await database.query(`
    INSERT INTO category (name, slug) VALUES ('Lighting', 'lighting');
    INSERT INTO product (sku, name, price_cents, weight_kg, category_id, updated_at) VALUES ('L-1', 'Lamp', 1000, 1, 1, now());
    INSERT INTO stock_item (product_id, quantity, updated_at) VALUES (1, 5, now());
    INSERT INTO customer (email, name) VALUES ('ada@example.com', 'Ada')`);
}

describe('a card order whose shop is killed', () => {
  // Naive (steps in a request): the goods are off the shelf and the card is charged for an order that nobody knows of.
  it('between the charge and the confirmation is ended by another instance, and again after the next one is killed, with one charge', async () => {
    await stockUp();
    const [first, second] = await Promise.all([openShop(), openShop()]);
    atFirst.set('/v1/charges', () => {
      first.kill('SIGKILL');
    });
    atFirst.set('/v1/captures', () => {
      second.kill('SIGKILL');
    });
    const order = { customerId: 1, items: [{ productId: 1, quantity: 2 }], cardToken: 'tok_visa' };
    const send = (shop: ShopProcess) =>
      fetch(`${shop.url}/card-orders`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'cart-1', Connection: 'close' },
        body: JSON.stringify(order),
      });
    await expect(send(first)).rejects.toThrow();
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await second.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const third = await openShop();
    const stateOf = async () => {
      const [saga] = await database.query<{ state: string }>('SELECT state FROM nestjs_database.saga');
      return saga?.state;
    };
    await until(async () => (await stateOf()) === 'completed', 60_000);
    const answer = await send(third);
    expect([answer.status, await answer.json()]).toMatchObject([201, { status: 'CONFIRMED', order: { id: '1', status: 'PAID' } }]);
    const key = 'place-card-order:cart-1:authorise:do';
    expect(gateway.counts).toEqual({
      // Once more by the instance that could not know what had come of it: the same key, the same charge.
      [`/v1/charges ${key}`]: 2,
      [`/v1/captures ${key}`]: 2,
      '/v1/messages place-card-order:cart-1:notify:do': 1,
    });
    const letters = () => database.query('SELECT topic FROM order_notice');
    await until(async () => (await letters()).length > 0, 60_000);
    const [stock] = await database.query('SELECT quantity FROM stock_item');
    const [orders] = await database.query('SELECT count(*)::int AS count FROM customer_order');
    expect([stock, orders, await letters()]).toEqual([{ quantity: 3 }, { count: 1 }, [{ topic: 'order.confirmed' }]]);
    third.kill('SIGTERM');
    expect(await third.exited).toEqual({ code: 0, signal: null });
  }); // prettier-ignore
});
