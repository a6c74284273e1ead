import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

const DAY = '2026-03-02';

let shop: OpenShop;
beforeAll(async () => {
  shop = await OpenShop.open();
});
afterAll(async () => {
  await shop.close();
});

async function countSales(registerId: number): Promise<number> {
  const sql = 'SELECT count(*)::int AS count FROM sale WHERE register_id = $1';
  const [row] = await shop.database.query<{ count: number }>(sql, [registerId]);
  return row?.count ?? -1;
}

function sell(registerId: number, tenderedCents: number, ...items: (readonly [number, number])[]) {
  return shop.post('/sales', {
    registerId,
    tenderedCents,
    items: items.map(([productId, quantity]) => ({ productId, quantity })),
  });
}

describe('a sale over the counter', () => {
  it('takes several products off the floor, records the cash and the change, and prints one receipt', async () => {
    const registerId = await shop.openRegister(DAY);
    const lamp = await shop.stockUp({ priceCents: 4_990, stock: 10 });
    const chair = await shop.stockUp({ priceCents: 12_900, stock: 3 });
    const sold = await sell(registerId, 25_000, [chair, 1], [lamp, 2]);
    expect(sold).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^\d+$/),
        registerId,
        receiptNo: 1,
        businessDay: DAY,
        totalCents: '22880',
        currency: 'EUR',
        payment: { method: 'CASH', tenderedCents: '25000', changeCents: '2120' },
        lines: [
          { lineNo: 1, productId: lamp, quantity: 2, returned: 0, lineTotalCents: '9980' },
          { lineNo: 2, productId: chair, quantity: 1, returned: 0, lineTotalCents: '12900' },
        ],
      },
    });
    expect([await shop.stockOf(lamp), await shop.stockOf(chair)]).toEqual([8, 2]);
    expect(sold.headers.get('Location')).toBe(`/sales/${sold.body.id}`);
    expect((await shop.get(`/sales/${sold.body.id}`)).body).toEqual(sold.body);
    expect(shop.printed(registerId)).toEqual([`Receipt ${registerId}-1`]);
    expect(shop.log.find((line) => line.startsWith(`Receipt ${registerId}-1`))).toMatch(
      /2 × Lamp \d+ 99\.80, 1 × Lamp \d+ 129\.00; total 228\.80 EUR\./,
    );
  });

  it.each([
    ['a product is not there in that number', 409, (lamp: number) => [[lamp, 11]], 1e9, /has 10 in stock and 11/],
    ['the cash does not pay for it', 409, (lamp: number) => [[lamp, 2]], 3_997, /comes to 3998 cents, and 3997/],
    ['a product does not exist', 404, (lamp: number) => [[lamp, 1], [2e9, 1]], 1e9, /Product 2000000000 does not/],
  ] as const)('is refused when %s: nothing is changed, and no number is used', async (_case, status, items, cash, message) => {
    const registerId = await shop.openRegister(DAY);
    const lamp = await shop.stockUp({ stock: 10 });
    const refused = await sell(registerId, cash, ...(items(lamp) as [number, number][]));
    expect(refused).toMatchObject({ status, body: { message: expect.stringMatching(message) } });
    expect(await shop.stockOf(lamp)).toBe(10);
    expect(await sell(registerId, 5_000, [lamp, 1])).toMatchObject({ status: 201, body: { receiptNo: 1 } });
    expect(shop.printed(registerId)).toEqual([`Receipt ${registerId}-1`]);
  }); // prettier-ignore

  it('is refused at a register that is closed, that does not exist, or that does not take the currency', async () => {
    const lamp = await shop.stockUp();
    const closed = await shop.openRegister();
    expect(await sell(closed, 5_000, [lamp, 1])).toMatchObject({ status: 409, body: { details: { registerId: closed } } });
    expect(await sell(2e9, 5_000, [lamp, 1])).toMatchObject({ status: 404 });
    const foreign = await shop.stockUp({ currency: 'CHF' });
    const refused = await sell(await shop.openRegister(DAY), 5_000, [foreign, 1]);
    expect(refused).toMatchObject({ status: 409, body: { message: expect.stringContaining('CHF') } });
    expect(await shop.stockOf(lamp)).toBe(10);
  }); // prettier-ignore
});

describe('a sale that is rolled back at its COMMIT', () => {
  afterEach(async () => {
    await shop.database.query('DROP TRIGGER IF EXISTS refuse_late ON sale');
  });

  it('prints no receipt, although it had come to its end, and gives its number to the next sale', async () => {
    const registerId = await shop.openRegister(DAY);
    const lamp = await shop.stockUp({ stock: 10 });
    // Fires at the COMMIT: after the work is done and after it has asked for the receipt.
    await shop.database.query(`
      CREATE OR REPLACE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = 'check_violation'; END $$;
      CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON sale DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse_late()`);
    const refused = await sell(registerId, 5_000, [lamp, 1]);
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(await countSales(registerId)).toBe(0);
    expect(await shop.stockOf(lamp)).toBe(10);
    expect(shop.printed(registerId)).toEqual([]);

    await shop.database.query('DROP TRIGGER refuse_late ON sale');
    expect(await sell(registerId, 5_000, [lamp, 1])).toMatchObject({ status: 201, body: { receiptNo: 1 } });
    expect(shop.printed(registerId)).toEqual([`Receipt ${registerId}-1`]);
  });
});

describe('many sales at once', () => {
  it('have receipt numbers without gaps and one receipt each, also when most of them are refused', async () => {
    const registers = [await shop.openRegister(DAY), await shop.openRegister(DAY)] as const;
    const lamp = await shop.stockUp({ stock: 20 });
    const chair = await shop.stockUp({ stock: 1_000 });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        // In opposite order, which would deadlock if the stock were locked as it is named.
        sell(registers[index % 2 === 0 ? 0 : 1], 10_000, ...(index % 3 === 0 ? [[lamp, 1], [chair, 1]] as const : [[chair, 1], [lamp, 1]] as const)),
      ),
    ); // prettier-ignore
    expect(shop.surprises(answers, 201, 409)).toEqual([]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(40);
    expect([await shop.stockOf(lamp), await shop.stockOf(chair)]).toEqual([0, 980]);
    const all = await shop.database.query<{ register_id: number; receipt_no: number }>(
      'SELECT register_id, receipt_no FROM sale WHERE register_id = ANY($1) ORDER BY 1, 2',
      [registers],
    );
    for (const registerId of registers) {
      const numbers = all.filter((row) => row.register_id === registerId).map((row) => row.receipt_no);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      const receipts = numbers.map((number) => `Receipt ${registerId}-${number}`);
      expect(shop.printed(registerId).toSorted()).toEqual(receipts.toSorted());
    }
  });
});
