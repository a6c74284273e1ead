import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Database } from 'nestjs-database';
import { salesByDay } from '../src/reports/sales-by-day.js';
import { salesByProduct } from '../src/reports/sales-by-product.js';
import { topCustomers } from '../src/reports/top-customers.js';
import { SeedService } from '../src/seed/seed.service.js';
import { OpenShop } from './support/open-shop.js';
import { differences } from './support/schema-check.js';

jest.setTimeout(60_000);

interface Line {
  readonly productId: number;
  readonly quantity: number;
  readonly price: number;
}

interface Order {
  readonly customerId: number;
  readonly at: string;
  readonly status: string;
  readonly currency: string;
  readonly lines: readonly Line[];
}

let shop: OpenShop;
let orders: Order[];
let products: number[];
let customers: number[];
beforeAll(async () => {
  shop = await OpenShop.open();
  // The days are those of UTC, wherever the database thinks it is.
  const [row] = await shop.database.query<{ name: string }>('SELECT current_database() AS name');
  await shop.database.query(`ALTER DATABASE "${row?.name}" SET timezone = 'Pacific/Auckland'`);
  products = [await shop.stockUp(), await shop.stockUp(), await shop.stockUp()];
  customers = [await shop.addCustomer('Ada'), await shop.addCustomer('Bo'), await shop.addCustomer('Cy')];
  orders = createOrders();
  for (const order of orders) await insert(order);
});
afterAll(async () => {
  await shop.close();
});

/** Moments on both sides of every border, every status, two currencies, and sums beyond 2^53. */
function createOrders(): Order[] {
  const moments = [
    '2025-11-30T23:59:59.999Z',
    '2025-12-01T00:00:00.000Z',
    '2025-12-01T12:00:00.000Z',
    '2025-12-01T23:59:59.999Z',
    '2025-12-02T00:00:00.000Z',
    '2025-12-04T10:30:00.000Z',
    '2025-12-05T23:59:59.999Z',
    '2025-12-06T00:00:00.000Z',
  ];
  const kinds = [
    ['PLACED', 'EUR'],
    ['PAID', 'EUR'],
    ['SHIPPED', 'EUR'],
    ['CANCELLED', 'EUR'],
    ['PAID', 'CHF'],
  ] as const;
  return moments.flatMap((at, hour) =>
    kinds.map(([status, currency], kind) => ({
      customerId: cycle(customers, hour + kind),
      at,
      status,
      currency,
      lines: [
        { productId: cycle(products, hour), quantity: hour + 1, price: 1_000 + kind },
        ...(kind > 0
          ? [{ productId: cycle(products, hour + 1), quantity: 100_000, price: 2_147_483_647 }]
          : []),
      ],
    })),
  );
}

function cycle(list: readonly number[], index: number): number {
  return list[index % list.length] ?? 0;
}

async function insert({ customerId, at, status, currency, lines }: Order): Promise<void> {
  const total = lines.reduce((sum, line) => sum + BigInt(line.price) * BigInt(line.quantity), 0n);
  const [order] = await shop.database.query<{ id: string }>(
    `INSERT INTO customer_order (customer_id, status, total_cents, currency, placed_at)
     VALUES ($1, $2::order_status, $3, $4, $5) RETURNING id::text`,
    [customerId, status, String(total), currency, at],
  );
  for (const [index, { productId, quantity, price }] of lines.entries()) {
    await shop.database.query('INSERT INTO order_item VALUES ($1, $2, $3, $4, $5, $6)', [
      order?.id,
      index + 1,
      productId,
      quantity,
      price,
      String(BigInt(price) * BigInt(quantity)),
    ]);
  }
}

/** The same figures by hand: what counts of a list of orders. */
function sold(from: string, to: string, currency = 'EUR'): Order[] {
  return orders.filter(
    (order) =>
      order.status !== 'CANCELLED' &&
      order.currency === currency &&
      order.at.slice(0, 10) >= from &&
      order.at.slice(0, 10) <= to,
  );
}

function sum(lines: readonly Line[]): { pieces: string; revenueCents: string } {
  let pieces = 0n;
  let revenue = 0n;
  for (const { quantity, price } of lines) {
    pieces += BigInt(quantity);
    revenue += BigInt(quantity) * BigInt(price);
  }
  return { pieces: String(pieces), revenueCents: String(revenue) };
}

/** Those with the same revenue stay in the order of their ids. */
function byRevenue(left: { revenueCents: string }, right: { revenueCents: string }): number {
  const [more, less] = [BigInt(right.revenueCents), BigInt(left.revenueCents)];
  return more > less ? 1 : more < less ? -1 : 0;
}

describe('sales by day', () => {
  const DAYS = ['2025-12-01', '2025-12-02', '2025-12-03', '2025-12-04', '2025-12-05'];

  it('counts the orders that were not cancelled on their day in UTC, and lists days without a sale', async () => {
    const { status, body } = await shop.get('/reports/sales?from=2025-12-01&to=2025-12-05&by=day');
    const rows = DAYS.map((day) => {
      const ofDay = sold(day, day);
      return { day, orders: ofDay.length, ...sum(ofDay.flatMap(({ lines }) => lines)) };
    });
    expect(rows.map((row) => row.orders)).toEqual([9, 3, 0, 3, 3]);
    expect(BigInt(rows[0]?.revenueCents ?? 0)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER) / 10n);
    expect(status).toBe(200);
    expect(body).toEqual({ from: '2025-12-01', to: '2025-12-05', currency: 'EUR', by: 'day', rows });
  });

  it('never adds two currencies', async () => {
    const { body } = await shop.get('/reports/sales?from=2025-12-01&to=2025-12-01&currency=CHF');
    expect(body.rows).toEqual([
      {
        day: '2025-12-01',
        orders: 3,
        ...sum(sold('2025-12-01', '2025-12-01', 'CHF').flatMap(({ lines }) => lines)),
      },
    ]);
  });

  it('answers for a whole leap year', async () => {
    const { body } = await shop.get('/reports/sales?from=2024-01-01&to=2024-12-31');
    expect(body.rows).toHaveLength(366);
    expect(body.rows[59]).toEqual({ day: '2024-02-29', orders: 0, pieces: '0', revenueCents: '0' });
  });
});

describe('sales by product', () => {
  it('sums up each product that was sold, the best first', async () => {
    const expected = products.flatMap((productId) => {
      const ofProduct = sold('2025-12-01', '2025-12-02').flatMap(({ lines }) =>
        lines.filter((line) => line.productId === productId),
      );
      return ofProduct.length === 0 ? [] : [{ productId, orders: ofProduct.length, ...sum(ofProduct) }];
    });
    expected.sort(byRevenue);
    const path = '/reports/sales?from=2025-12-01&to=2025-12-02&by=product';
    const { body } = await shop.get(path);
    expect(expected.length).toBeGreaterThan(1);
    expect(body).toMatchObject({ by: 'product', rows: expected });
    expect(body.rows[0]).toMatchObject({ sku: expect.stringMatching(/^TEST-/), name: expect.stringMatching(/^Lamp/) });
    expect((await shop.get(`${path}&limit=1`)).body.rows).toEqual(body.rows.slice(0, 1));
  }); // prettier-ignore
});

describe('the top customers', () => {
  it('are those who bought for the most in these days', async () => {
    const expected = customers.flatMap((customerId) => {
      const own = sold('2025-12-01', '2025-12-05').filter((order) => order.customerId === customerId);
      if (own.length === 0) return [];
      const { revenueCents } = sum(own.flatMap(({ lines }) => lines));
      return [{ customerId, orders: own.length, revenueCents, lastOrderAt: own.at(-1)?.at }];
    });
    expected.sort(byRevenue);
    const { body } = await shop.get('/reports/top-customers?from=2025-12-01&to=2025-12-05&limit=2');
    expect(body.rows).toHaveLength(2);
    expect(body.rows).toMatchObject(expected.slice(0, 2));
    expect(body.rows[0].name).toMatch(/^(Ada|Bo|Cy)$/);
  });
});

describe('low stock', () => {
  it('is what is for sale at or below its own reorder level, or the given quantity, the most urgent first', async () => {
    // The reorder level of these is 5.
    const [gone, at, above] = [
      await shop.stockUp({ stock: 0 }),
      await shop.stockUp({ stock: 5 }),
      await shop.stockUp({ stock: 6 }),
    ];
    await shop.stockUp({ stock: 0, active: false });
    const ids = async (path: string) => {
      const { body } = await shop.get(path);
      return body.map(({ productId }: { productId: number }) => productId);
    };
    expect(await ids('/reports/low-stock')).toEqual([gone, at]);
    expect(await ids('/reports/low-stock?threshold=6')).toEqual([gone, at, above]);
    expect(await ids('/reports/low-stock?threshold=0')).toEqual([gone]);
    expect(await ids('/reports/low-stock?limit=1')).toEqual([gone]);
    const { body } = await shop.get('/reports/low-stock?limit=1');
    expect(body).toEqual([
      { productId: gone, sku: expect.any(String), name: expect.any(String), quantity: 0, reorderLevel: 5 },
    ]);
  });
});

describe('a report', () => {
  it.each([
    ['/reports/sales', ['from', 'to']],
    ['/reports/sales?from=2025-02-30&to=2025-12-31T00:00:00Z&by=week&currency=eur', ['from', 'to', 'by', 'currency']],
    ['/reports/sales?from=2025-12-02&to=2025-12-01', ['to']],
    ['/reports/sales?from=2024-01-01&to=2025-01-01', ['to']],
    ['/reports/sales?from=2025-12-01&to=2025-12-02&by=day&limit=5', ['limit']],
    ["/reports/sales?from=2025-12-01&to=2025-12-02&currency=EUR'--", ['currency']],
    ['/reports/top-customers?from[gte]=2025-12-01&to=2025-12-02&limit=0', ['from[gte]', 'from', 'limit']],
    ['/reports/top-customers?from=2025-12-01&from=2025-12-02&to=2025-12-03', ['from']],
    ['/reports/low-stock?threshold=-1&limit=1001', ['threshold', 'limit']],
  ])('is refused with 400 and all problems: %s', async (path, fields) => {
    const { status, body } = await shop.get(path);
    expect(status).toBe(400);
    const found = body.errors.map(({ path: field }: { path: string }) => field);
    expect(found.toSorted()).toEqual(fields.toSorted());
  }); // prettier-ignore

  it.each(['/reports/sales?from=2025-12-01&to=2025-12-05', '/reports/sales?from=2025-12-01&to=2025-12-05&by=product', '/reports/top-customers?from=2025-12-01&to=2025-12-05', '/reports/low-stock'])(
    'is what the description of the API says: %s',
    async (path) => {
      const { body: document } = await shop.get('/docs-json');
      const { status, body } = await shop.get(path);
      expect(status).toBe(200);
      const { content } = document.paths[path.replace(/\?.*/, '')].get.responses['200'];
      expect(differences(document, content['application/json'].schema, body)).toEqual([]);
    },
  ); // prettier-ignore
});

describe('a report of a week in a year of sales', () => {
  it('is read through the index of the moments, and never through all orders', async () => {
    const seeded = await OpenShop.open();
    try {
      await seeded.database.query('TRUNCATE category CASCADE');
      expect(await seeded.app.get(SeedService).seedIfEmpty()).toBe(true);
      await seeded.database.query('ANALYZE');
      const db = seeded.app.get(Database);
      const week = { from: '2025-06-01', to: '2025-06-07', currency: 'EUR' };
      const { sql, parameters } = salesByProduct(db, week, 100).compile();
      for (const report of [salesByDay(db, week).toSql(), { sql, values: parameters }, topCustomers(db, week, 10).toSql()]) {
        const plan = await db.query(`EXPLAIN ${report.sql}`, report.values);
        const text = JSON.stringify(plan);
        expect(text).toContain('customer_order_placed_at_id_idx');
        expect(text).not.toContain('Seq Scan on customer_order');
      }
    } finally {
      await seeded.close();
    }
  }); // prettier-ignore
});
