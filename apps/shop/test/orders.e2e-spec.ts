import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

let shop: OpenShop;
let customerId: number;
beforeAll(async () => {
  shop = await OpenShop.open();
  customerId = await shop.addCustomer();
});
afterAll(async () => {
  await shop.close();
});

describe('placing an order', () => {
  it('answers with the order, says where it is, takes the products off the shelf, and can be read again', async () => {
    const lamp = await shop.stockUp({ priceCents: 4_990, stock: 10 });
    const chair = await shop.stockUp({ priceCents: 12_900, stock: 3 });
    const items = [
      { productId: chair, quantity: 1 },
      { productId: lamp, quantity: 2 },
    ];
    const placed = await shop.post('/orders', { customerId, items });
    expect(placed.status).toBe(201);
    expect(placed.headers.get('Location')).toBe(`/orders/${placed.body.id}`);
    expect(placed.body).toEqual({
      id: expect.stringMatching(/^\d+$/),
      customerId,
      status: 'PLACED',
      totalCents: '22880',
      currency: 'EUR',
      placedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      items: [
        { lineNo: 1, productId: lamp, productName: expect.any(String), quantity: 2, unitPriceCents: 4_990, lineTotalCents: '9980' },
        { lineNo: 2, productId: chair, productName: expect.any(String), quantity: 1, unitPriceCents: 12_900, lineTotalCents: '12900' },
      ],
    }); // prettier-ignore
    expect(await shop.stockOf(lamp)).toBe(8);
    expect(await shop.stockOf(chair)).toBe(2);

    const found = await shop.get(placed.headers.get('Location') ?? '');
    expect(found.body).toEqual(placed.body);
    const listed = await shop.get(`/orders?filter[customerId]=${customerId}&first=1`);
    const lines = placed.body.items.map(({ productName, ...line }: { productName: string }) => {
      expect(productName).toMatch(/^Lamp/);
      return line;
    });
    expect(listed.body).toEqual({
      items: [{ ...placed.body, customer: { id: customerId, name: 'Ada Fischer' }, items: lines }],
      pageInfo: expect.objectContaining({ hasNextPage: false, hasPreviousPage: false }),
    });
  });

  it('keeps the price of the day when the product becomes dearer', async () => {
    const lamp = await shop.stockUp({ priceCents: 1_000 });
    const { body } = await shop.post('/orders', { customerId, items: [{ productId: lamp, quantity: 1 }] });
    await shop.send('PATCH', `/products/${lamp}`, { priceCents: 2_000, version: 1 });
    expect((await shop.get(`/orders/${body.id}`)).body).toMatchObject({ totalCents: '1000' });
  });

  it('orders a product once that is named twice, with the sum of both quantities', async () => {
    const lamp = await shop.stockUp({ priceCents: 100, stock: 5 });
    const twice = [2, 3].map((quantity) => ({ productId: lamp, quantity }));
    const { body } = await shop.post('/orders', { customerId, items: twice });
    expect(body).toMatchObject({ totalCents: '500', items: [{ lineNo: 1, quantity: 5 }] });
    expect(await shop.stockOf(lamp)).toBe(0);
  });

  it('computes exact totals beyond 2^31 and beyond 2^53 cents', async () => {
    const dear = await shop.stockUp({ priceCents: 2_147_483_647, stock: 10_000_000 });
    const items = Array.from({ length: 99 }, () => ({ productId: dear, quantity: 99_999 }));
    const { status, body } = await shop.post('/orders', { customerId, items });
    expect(status).toBe(201);
    const total = 2_147_483_647n * 99_999n * 99n;
    expect(total).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    expect(body.totalCents).toBe(total.toString());
    expect(body.items[0].lineTotalCents).toBe(total.toString());
  });
});

describe('an order that cannot be placed', () => {
  it('leaves stock and orders untouched when its second line fails after the first one was taken off the shelf', async () => {
    const plenty = await shop.stockUp({ stock: 100 });
    const scarce = await shop.stockUp({ stock: 1 });
    const before = await shop.countOrders();
    const items = [
      { productId: plenty, quantity: 5 },
      { productId: scarce, quantity: 2 },
    ];
    const refused = await shop.post('/orders', { customerId, items });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      statusCode: 409,
      error: 'Conflict',
      message: expect.stringMatching(
        new RegExp(`^Product ${scarce} "Lamp \\d+" has 1 in stock and 2 were asked for`),
      ),
      details: { productId: scarce, requested: 2, available: 1 },
    });
    expect(await shop.stockOf(plenty)).toBe(100);
    expect(await shop.stockOf(scarce)).toBe(1);
    expect(await shop.countOrders()).toBe(before);
  });

  it.each([
    ['the customer', () => ({ customerId: 2_000_000_000 }), 'Customer 2000000000 does not exist.'],
    ['a product', (lamp: number) => ({ items: [{ productId: lamp, quantity: 1 }, { productId: 2_000_000_001, quantity: 1 }] }), 'Product 2000000001 does not exist.'],
  ])('is answered with 404 and the name of %s that does not exist', async (_what, change, message) => {
    const lamp = await shop.stockUp({ stock: 7 });
    const order = { customerId, items: [{ productId: lamp, quantity: 1 }], ...change(lamp) };
    expect(await shop.post('/orders', order)).toMatchObject({ status: 404, body: { statusCode: 404, message } });
    expect(await shop.stockOf(lamp)).toBe(7);
  }); // prettier-ignore

  it('is refused with 409 when a product is not for sale, or is sold in another currency', async () => {
    const lamp = await shop.stockUp();
    const withdrawn = await shop.stockUp({ active: false });
    const foreign = await shop.stockUp({ currency: 'CHF' });
    const order = (...ids: number[]) => ({
      customerId,
      items: ids.map((productId) => ({ productId, quantity: 1 })),
    });
    const inactive = await shop.post('/orders', order(lamp, withdrawn));
    expect(inactive).toMatchObject({ status: 409, body: { details: { productId: withdrawn } } });
    const mixed = await shop.post('/orders', order(lamp, foreign));
    expect(mixed).toMatchObject({ status: 409, body: { message: expect.stringContaining('CHF and EUR') } });
    expect(await shop.stockOf(lamp)).toBe(10);
  });
});

describe('many orders at once', () => {
  const deadlocks = async () => {
    const [row] = await shop.database.query<{ deadlocks: string }>(
      'SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()',
    );
    return row?.deadlocks;
  };

  it('sell the last 10 pieces exactly 10 times when 50 customers want one', async () => {
    const last = await shop.stockUp({ stock: 10 });
    const before = await shop.countOrders();
    const order = { customerId, items: [{ productId: last, quantity: 1 }] };
    const answers = await Promise.all(Array.from({ length: 50 }, () => shop.post('/orders', order)));
    expect(shop.surprises(answers, 201, 409)).toEqual([]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(10);
    expect(statuses.filter((status) => status === 409)).toHaveLength(40);
    expect(await shop.stockOf(last)).toBe(0);
    expect(await shop.countOrders()).toBe(before + 10);
  });

  it('never deadlock when they name the same products in opposite order', async () => {
    const [left, right] = [await shop.stockUp({ stock: 40 }), await shop.stockUp({ stock: 40 })];
    const items = [left, right].map((productId) => ({ productId, quantity: 1 }));
    const orders = Array.from({ length: 40 }, (_, index) => ({
      customerId,
      items: index % 2 === 0 ? items : items.toReversed(),
    }));
    const before = await deadlocks();
    const answers = await Promise.all(orders.map((order) => shop.post('/orders', order)));
    expect(shop.surprises(answers, 201)).toEqual([]);
    expect([await shop.stockOf(left), await shop.stockOf(right)]).toEqual([0, 0]);
    expect(await deadlocks()).toBe(before);
  });
});
