import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OpenShop, type Answer } from './support/open-shop.js';

jest.setTimeout(60_000);

let shop: OpenShop;
beforeAll(async () => {
  shop = await OpenShop.open();
  await shop.database.query("INSERT INTO storage (code, name) VALUES ('CELLAR', 'Cellar')");
});
afterAll(async () => {
  await shop.close();
});

function move(from: string, to: string, ...items: (readonly [number, number])[]): Promise<Answer> {
  return shop.post('/inventory/transfers', {
    from,
    to,
    items: items.map(([productId, quantity]) => ({ productId, quantity })),
  });
}

/** On the floor, in the warehouse, in the cellar. */
async function places(productId: number): Promise<number[]> {
  const { status, body } = await shop.get(`/inventory/${productId}/places`);
  expect(status).toBe(200);
  expect(body.map(({ place }: { place: string }) => place)).toEqual(['FLOOR', 'WAREHOUSE', 'CELLAR']);
  return body.map(({ quantity }: { quantity: number }) => quantity);
}

async function countTransfers(): Promise<number> {
  const sql = 'SELECT count(*)::int AS count FROM stock_transfer';
  const [row] = await shop.database.query<{ count: number }>(sql);
  return row?.count ?? -1;
}

describe('a transfer of stock', () => {
  it('carries several products, is written down, and leaves the sum as it was', async () => {
    const [lamp, chair] = [await shop.stockUp({ stock: 10 }), await shop.stockUp({ stock: 3 })];
    const moved = await move('FLOOR', 'WAREHOUSE', [chair, 1], [lamp, 2], [lamp, 5]);
    expect(moved).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^\d+$/),
        from: 'FLOOR',
        to: 'WAREHOUSE',
        lines: [
          { productId: lamp, quantity: 7 },
          { productId: chair, quantity: 1 },
        ],
      },
    });
    expect(await places(lamp)).toEqual([3, 7, 0]);
    expect((await move('WAREHOUSE', 'CELLAR', [lamp, 4])).status).toBe(201);
    expect((await move('CELLAR', 'FLOOR', [lamp, 1])).status).toBe(201);
    expect(await places(lamp)).toEqual([4, 3, 3]);
    expect(await places(chair)).toEqual([2, 1, 0]);
    // What is in a storage is not for sale.
    expect((await shop.get(`/inventory/${lamp}`)).body).toMatchObject({ quantity: 4 });
    const written = await shop.database.query(
      `SELECT f.code AS from, t.code AS to, l.quantity FROM stock_transfer_line l JOIN stock_transfer m ON m.id = transfer_id
       LEFT JOIN storage f ON f.id = from_storage_id LEFT JOIN storage t ON t.id = to_storage_id
       WHERE product_id = $1 ORDER BY m.id`,
      [lamp],
    );
    expect(written).toEqual([
      { from: null, to: 'WAREHOUSE', quantity: 7 },
      { from: 'WAREHOUSE', to: 'CELLAR', quantity: 4 },
      { from: 'CELLAR', to: null, quantity: 1 },
    ]);
  });

  it('carries nothing at all when one of its products is not there in that number', async () => {
    const [lamp, chair] = [await shop.stockUp({ stock: 10 }), await shop.stockUp({ stock: 3 })];
    const before = await countTransfers();
    const refused = await move('FLOOR', 'WAREHOUSE', [lamp, 2], [chair, 4]);
    expect(refused).toMatchObject({
      status: 409,
      body: {
        message: expect.stringMatching(/has 3 in FLOOR and 4 were asked for/),
        details: { productId: chair, requested: 4, available: 3 },
      },
    });
    // The other way round the place that receives is locked, and changed, first.
    expect(await move('WAREHOUSE', 'FLOOR', [lamp, 1])).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/has 0 in WAREHOUSE and 1 were asked for/) },
    });
    expect(await places(lamp)).toEqual([10, 0, 0]);
    expect(await places(chair)).toEqual([3, 0, 0]);
    expect(await countTransfers()).toBe(before);
  });

  it('is refused between places that do not exist or are the same, and for a product that does not exist', async () => {
    const lamp = await shop.stockUp();
    expect(await move('FLOOR', 'ATTIC', [lamp, 1])).toMatchObject({ status: 404, body: { message: expect.stringContaining('ATTIC') } });
    expect(await move('FLOOR', 'FLOOR', [lamp, 1])).toMatchObject({ status: 400, body: { errors: [{ path: 'to' }] } });
    expect((await move('floor', 'WAREHOUSE', [lamp, 1])).status).toBe(400);
    expect((await move('FLOOR', 'WAREHOUSE', [lamp, 0])).status).toBe(400);
    expect((await move('FLOOR', 'WAREHOUSE', [2e9, 1])).status).toBe(404);
    expect(await shop.get('/inventory/2000000000/places')).toMatchObject({ status: 404 });
  }); // prettier-ignore

  it('is refused when the place could not hold it', async () => {
    const lamp = await shop.stockUp({ stock: 10 });
    await shop.database.query(
      "INSERT INTO stored_item SELECT $1, id, 999999999 FROM storage WHERE code = 'WAREHOUSE'",
      [lamp],
    );
    expect((await move('FLOOR', 'WAREHOUSE', [lamp, 2])).status).toBe(409);
    expect((await move('FLOOR', 'WAREHOUSE', [lamp, 1])).status).toBe(201);
    expect(await places(lamp)).toEqual([9, 1_000_000_000, 0]);
  });
});

describe('fifty transfers at once', () => {
  it('in both directions, amid sales, deadlock never, take nothing below zero, and keep every sum', async () => {
    const [lamp, chair] = [await shop.stockUp({ stock: 12 }), await shop.stockUp({ stock: 12 })];
    const registerId = await shop.openRegister('2026-05-01');
    const codes = ['FLOOR', 'WAREHOUSE', 'CELLAR'];
    const moves = Array.from({ length: 50 }, (_, index) => {
      const from = codes[index % 3] ?? '';
      const to = codes[(index + 1 + (index % 2)) % 3] ?? '';
      const items = [[lamp, 1 + (index % 4)], [chair, 1 + (index % 3)]] as const;
      return move(from, to, ...(index % 2 === 0 ? items : items.toReversed()));
    }); // prettier-ignore
    const sales = Array.from({ length: 10 }, () =>
      shop.post('/sales', { registerId, items: [{ productId: chair, quantity: 1 }, { productId: lamp, quantity: 1 }], tenderedCents: 10_000 }),
    ); // prettier-ignore
    const [moved, sold] = [await Promise.all(moves), await Promise.all(sales)];
    // A deadlock would be repeated, and end as a 503 only when that does not help; the log tells of both.
    expect([...moved, ...sold].filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    const [{ deadlocks } = { deadlocks: -1 }] = await shop.database.query<{ deadlocks: number }>(
      'SELECT deadlocks::int AS deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toBe(0);
    expect(moved.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    const pieces = sold.filter(({ status }) => status === 201).length;
    for (const productId of [lamp, chair]) {
      const quantities = await places(productId);
      expect(Math.min(...quantities)).toBeGreaterThanOrEqual(0);
      expect(quantities.reduce((sum, quantity) => sum + quantity, 0)).toBe(12 - pieces);
    }
  });
});
