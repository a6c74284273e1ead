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

const ORDER = { customerId: 1, items: [{ productId: 1, quantity: 2 }], cardToken: 'tok_visa' };

async function post(
  shop: ShopProcess,
  path: string,
  body: object = {},
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${shop.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'cart-1', Connection: 'close' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function only<Row extends Record<string, unknown>>(sql: string): Promise<Row | undefined> {
  const [row, ...others] = await database.query<Row>(sql);
  expect(others).toEqual([]);
  return row;
}

/** Waits until this saga has come to its end, and that is this one. */
async function ended(name: string, state: string): Promise<void> {
  const sql = `SELECT state FROM nestjs_database.saga WHERE name = '${name}'`;
  await until(async () => !['running', 'compensating', undefined].includes((await only<{ state: string }>(sql))?.state), 60_000);
  expect(await only(sql)).toEqual({ state });
} // prettier-ignore

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
    await expect(post(first, '/card-orders', ORDER)).rejects.toThrow();
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await second.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const third = await openShop();
    await ended('place-card-order', 'completed');
    expect(await post(third, '/card-orders', ORDER)).toMatchObject({
      status: 201,
      body: { status: 'CONFIRMED', order: { id: '1', status: 'PAID' } },
    });
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

  it('while the money is paid back, is paid back once: the goods are on the shelf again, and the customer has one letter of it', async () => {
    await stockUp();
    const [first, second] = await Promise.all([openShop(), openShop()]);
    expect(await post(first, '/card-orders', ORDER)).toMatchObject({ status: 201 });
    atFirst.set('/v1/refunds', () => {
      first.kill('SIGKILL');
    });
    await expect(post(first, '/card-orders/cart-1/refund')).rejects.toThrow();
    await ended('refund-card-order', 'completed');
    expect(await post(second, '/card-orders/cart-1/refund')).toMatchObject({ status: 200, body: { status: 'REFUNDED' } });
    expect(gateway.counts).toMatchObject({ '/v1/refunds place-card-order:cart-1:authorise:do': 2 });
    const letters = () => database.query('SELECT topic FROM order_notice ORDER BY sent_at');
    await until(async () => (await letters()).length > 1, 60_000);
    expect(await letters()).toEqual([{ topic: 'order.confirmed' }, { topic: 'order.refunded' }]);
    expect(await only('SELECT quantity FROM stock_item')).toEqual({ quantity: 5 });
  }); // prettier-ignore

  it('while it is cancelled, is cancelled all the same: nothing is collected, and the goods are on the shelf again', async () => {
    await stockUp();
    const first = await openShop();
    let cancelling: Promise<unknown> | undefined;
    // The answer of the gateway waits for the cancellation to be asked for.
    gateway.before('/v1/charges', async () => {
      cancelling = post(first, '/card-orders/cart-1/cancel').then(() => 'answered', () => 'cut off');
      await until(async () => (await only('SELECT cancel_requested_at AS at FROM nestjs_database.saga_lease'))?.at !== null, 60_000);
    });
    atFirst.set('/v1/voids', () => {
      first.kill('SIGKILL');
    });
    await expect(post(first, '/card-orders', ORDER)).rejects.toThrow();
    expect(await cancelling).toBe('cut off');
    const second = await openShop();
    await ended('place-card-order', 'compensated');
    expect(await post(second, '/card-orders/cart-1/cancel')).toMatchObject({ status: 200, body: { status: 'CANCELLED', order: { status: 'CANCELLED' } } });
    expect(gateway.counts).toEqual({
      '/v1/charges place-card-order:cart-1:authorise:do': 1,
      '/v1/voids place-card-order:cart-1:authorise:do': 2,
    });
    expect(await only('SELECT quantity FROM stock_item')).toEqual({ quantity: 5 });
  }); // prettier-ignore
});
