import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OpenShop, type Answer } from './support/open-shop.js';

jest.setTimeout(60_000);

const DAY = '2026-04-01';

let shop: OpenShop;
let registerId: number;
let lamp: number;
let chair: number;
beforeAll(async () => {
  shop = await OpenShop.open();
});
afterAll(async () => {
  await shop.close();
});
beforeEach(async () => {
  registerId = await shop.openRegister(DAY);
  lamp = await shop.stockUp({ priceCents: 1_000, stock: 50 });
  chair = await shop.stockUp({ priceCents: 2_500, stock: 50 });
});

/** Buys 10 lamps and 4 chairs, and gives the path for what comes back. */
async function buy(kind: 'sales' | 'orders'): Promise<string> {
  const items = [
    { productId: lamp, quantity: 10 },
    { productId: chair, quantity: 4 },
  ];
  const { status, body } =
    kind === 'sales'
      ? await shop.post('/sales', { registerId, items, tenderedCents: 20_000 })
      : await shop.post('/orders', { customerId: await shop.addCustomer(), items });
  expect(status).toBe(201);
  return `/${kind}/${body.id}/returns`;
}

function bringBack(path: string, ...lines: (readonly [number, number])[]): Promise<Answer> {
  return shop.post(path, {
    registerId,
    lines: lines.map(([lineNo, quantity]) => ({ lineNo, quantity })),
  });
}

async function refunds(): Promise<{ no: number; cents: string; lines: number }[]> {
  return await shop.database.query(
    `SELECT refund_no AS no, amount_cents::text AS cents, (SELECT count(*)::int FROM refund_line WHERE refund_id = id) AS lines
     FROM refund WHERE register_id = $1 ORDER BY 1`,
    [registerId],
  );
}

describe.each(['sales', 'orders'] as const)('a return of lines of %s', (kind) => {
  it('puts the goods back, pays what they were bought for, and prints the refund', async () => {
    const path = await buy(kind);
    await shop.send('PATCH', `/products/${lamp}`, { priceCents: 9_999, version: 1 });
    const refunded = await bringBack(path, [2, 1], [1, 3]);
    const id = path.split('/')[2];
    expect(refunded).toMatchObject({
      status: 201,
      body: {
        registerId,
        refundNo: 1,
        businessDay: DAY,
        saleId: kind === 'sales' ? id : null,
        orderId: kind === 'orders' ? id : null,
        amountCents: '5500',
        lines: [
          { lineNo: 1, productId: lamp, quantity: 3, amountCents: '3000' },
          { lineNo: 2, productId: chair, quantity: 1, amountCents: '2500' },
        ],
      },
    });
    expect([await shop.stockOf(lamp), await shop.stockOf(chair)]).toEqual([43, 47]);
    expect(shop.printed(registerId)).toContain(`Refund ${registerId}-1`);
    expect(await refunds()).toEqual([{ no: 1, cents: '5500', lines: 2 }]);
  });

  it('takes back nothing at all when one of its lines cannot be taken back', async () => {
    const path = await buy(kind);
    const refused = await bringBack(path, [1, 3], [2, 5]);
    expect(refused).toMatchObject({
      status: 409,
      body: { details: { lineNo: 2, bought: 4, returned: 0, requested: 5 } },
    });
    expect(await bringBack(path, [1, 1], [3, 1])).toMatchObject({ status: 404 });
    expect(await bringBack(path, [1, 6], [1, 5])).toMatchObject({ status: 409 });
    expect([await shop.stockOf(lamp), await shop.stockOf(chair)]).toEqual([40, 46]);
    expect(await refunds()).toEqual([]);
    expect(shop.printed(registerId)).not.toContain(`Refund ${registerId}-1`);
  });

  it('never takes back more than was bought, when 30 customers bring back some of it at the same moment', async () => {
    const path = await buy(kind);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index % 2 === 0 ? bringBack(path, [1, 1], [2, 1]) : bringBack(path, [2, 1], [1, 1]),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(26);
    expect([await shop.stockOf(lamp), await shop.stockOf(chair)]).toEqual([44, 50]);
    expect(await refunds()).toEqual([1, 2, 3, 4].map((no) => ({ no, cents: '3500', lines: 2 })));
  });
});

describe('a return', () => {
  it('lowers the cash of the day and raises the value of the stock', async () => {
    const day = '2026-04-02';
    registerId = await shop.openRegister(day);
    const before = (await shop.get(`/reports/end-of-day?day=${day}`)).body;
    const path = await buy('sales');
    await bringBack(path, [1, 4]);
    expect((await shop.get(`/reports/end-of-day?day=${day}`)).body).toMatchObject({
      sales: 1,
      salesCents: '20000',
      refunds: 1,
      refundCents: '4000',
      cashCents: '16000',
      stockValueCents: String(BigInt(before.stockValueCents) - 16_000n),
    });
  });

  it('is refused for what does not exist or is cancelled, and at a register that is closed', async () => {
    expect((await bringBack('/sales/999999999/returns', [1, 1])).status).toBe(404);
    expect((await bringBack('/orders/999999999/returns', [1, 1])).status).toBe(404);
    const path = await buy('orders');
    await shop.database.query("UPDATE customer_order SET status = 'CANCELLED' WHERE id = $1", [path.split('/')[2]]);
    expect(await bringBack(path, [1, 1])).toMatchObject({ status: 409, body: { message: expect.stringContaining('cancelled') } });
    const sold = await buy('sales');
    await shop.post(`/registers/${registerId}/close`, {});
    expect((await bringBack(sold, [1, 1])).status).toBe(409);
    // The second purchase took 10 more; neither return has put any back.
    expect(await shop.stockOf(lamp)).toBe(30);
  }); // prettier-ignore
});
