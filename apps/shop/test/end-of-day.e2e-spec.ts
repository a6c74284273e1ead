import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { until } from '../../../test/support/until.js';
import { OpenShop, type Answer } from './support/open-shop.js';

jest.setTimeout(90_000);

let shop: OpenShop;
let lamp: number;
beforeAll(async () => {
  shop = await OpenShop.open();
  lamp = await shop.stockUp({ priceCents: 1_000, stock: 100_000 });
});
afterAll(async () => {
  await shop.close();
});

let days = 0;
let day: string;
beforeEach(async () => {
  // No register of another test is open, and no day of another test is closed.
  await shop.database.query('UPDATE register SET open_day = NULL');
  days += 1;
  day = new Date(Date.UTC(2026, 5, days)).toISOString().slice(0, 10);
});

async function sell(registerId: number): Promise<Answer> {
  const items = [{ productId: lamp, quantity: 1 }];
  return await shop.post('/sales', { registerId, items, tenderedCents: 1_000 });
}

async function report(): Promise<Answer['body']> {
  const { status, body } = await shop.get(`/reports/end-of-day?day=${day}`);
  expect(status).toBe(200);
  return body;
}

async function dayClosings(): Promise<{ sales: number; cash: string }[]> {
  const sql = 'SELECT sales, cash_cents::text AS cash FROM day_closing WHERE day = $1';
  return await shop.database.query(sql, [day]);
}

/** Every sale takes goods for 1,000 cents out of the stock and puts 1,000 cents into the till. */
function worth({ cashCents, stockValueCents }: { cashCents: string; stockValueCents: string }): bigint {
  return BigInt(cashCents) + BigInt(stockValueCents);
}

describe('the end-of-day report', () => {
  it('has each sale in all of its figures or in none while sales go on', async () => {
    const registerId = await shop.openRegister(day);
    const before = await report();
    let open = true;
    const selling = Promise.all(
      Array.from({ length: 3 }, async () => {
        while (open) expect(await sell(registerId)).toMatchObject({ status: 201 });
      }),
    );
    const reports: Answer['body'][] = [];
    while (reports.length < 20 || reports.at(-1).sales < 20) reports.push(await report());
    open = false;
    await selling;
    for (const each of reports) {
      expect(each.cashCents).toBe(each.salesCents);
      expect(each.cashCents).toBe(String(each.sales * 1_000));
      expect(worth(each)).toBe(worth(before));
    }
    expect(new Set(reports.map(({ sales }) => sales)).size).toBeGreaterThan(5);
  });

  it('does not see a sale that is committed between two of its statements', async () => {
    const registerId = await shop.openRegister(day);
    await sell(registerId);
    const before = await report();
    // Stops the report at the first statement that reads refunds, which comes after the one that reads sales.
    const stop = new pg.Client({ connectionString: shop.database.url });
    await stop.connect();
    try {
      await stop.query('BEGIN; LOCK TABLE refund IN ACCESS EXCLUSIVE MODE');
      const reporting = report();
      const waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
      expect(await until(async () => (await shop.database.query(waits)).length > 0, 4_000)).toBe(true);
      expect(await sell(registerId)).toMatchObject({ status: 201 });
      await stop.query('COMMIT');
      // Under Read Committed the cash and the stock would have the sale, and the number of sales would not.
      expect(await reporting).toEqual(before);
    } finally {
      await stop.end();
    }
    expect(await report()).toMatchObject({ sales: before.sales + 1, cashCents: '2000' });
  }); // prettier-ignore

  it('refuses what is no day', async () => {
    expect(await shop.get('/reports/end-of-day?day=2026-02-30')).toMatchObject({ status: 400 });
    expect(await shop.get('/reports/end-of-day')).toMatchObject({ status: 400 });
  });
});

describe('closing a register', () => {
  it('counts its cash, and the last register that is open for the day ends the day of the shop', async () => {
    const [first, second] = [await shop.openRegister(day), await shop.openRegister(day)];
    for (const registerId of [first, first, second]) await sell(registerId);
    expect(await shop.post(`/registers/${first}/close`, {})).toMatchObject({
      status: 200,
      body: { registerId: first, day, sales: 2, salesCents: '2000', refunds: 0, cashCents: '2000', dayClosed: false },
    });
    expect(await report()).toMatchObject({ closedAt: null, openRegisters: [second], sales: 3 });
    expect((await shop.post(`/registers/${second}/close`, {})).body).toMatchObject({ sales: 1, dayClosed: true });
    expect(await report()).toMatchObject({ closedAt: expect.any(String), openRegisters: [], sales: 3 });
    expect(await dayClosings()).toEqual([{ sales: 3, cash: '3000' }]);

    expect(await sell(first)).toMatchObject({ status: 409 });
    expect(await shop.post(`/registers/${first}/close`, {})).toMatchObject({ status: 409 });
    const again = await shop.post(`/registers/${first}/open`, { day });
    expect(again).toMatchObject({ status: 409, body: { details: { registerId: first, day } } });
  }); // prettier-ignore

  it('ends the day exactly once when all registers are closed at the same moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      days += 1;
      day = new Date(Date.UTC(2026, 5, days)).toISOString().slice(0, 10);
      const registers = await Promise.all(Array.from({ length: 4 }, () => shop.openRegister(day)));
      await Promise.all(registers.map(sell));
      // Below Serializable each may see the others open, and nobody ends the day.
      const closed = await Promise.all(registers.map((id) => shop.post(`/registers/${id}/close`, {})));
      expect(closed.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(closed.filter(({ body }) => body.dayClosed)).toHaveLength(1);
      expect(await dayClosings()).toEqual([{ sales: 4, cash: '4000' }]);
    }
  });

  it('counts every sale that was made, and refuses every other one, when it comes amid sales', async () => {
    const registerId = await shop.openRegister(day);
    const selling = Array.from({ length: 40 }, () => sell(registerId));
    await Promise.race(selling);
    const closing = await shop.post(`/registers/${registerId}/close`, {});
    const statuses = (await Promise.all(selling)).map(({ status }) => status);
    const made = statuses.filter((status) => status === 201).length;
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
    expect(closing).toMatchObject({ status: 200, body: { sales: made, cashCents: String(made * 1_000) } });
    expect(await dayClosings()).toEqual([{ sales: made, cash: String(made * 1_000) }]);
    expect((await report()).sales).toBe(made);
  });

  it('waits for a sale that is being made, and counts it', async () => {
    const registerId = await shop.openRegister(day);
    const slow = new pg.Client({ connectionString: shop.database.url });
    await slow.connect();
    try {
      // Holds the sale up after it has its number: it cannot write its lines.
      await slow.query('BEGIN; LOCK TABLE sale_line IN ACCESS EXCLUSIVE MODE');
      const waiting = async (count: number) => {
        const sql = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        return (await shop.database.query(sql)).length === count;
      };
      const selling = sell(registerId);
      expect(await until(() => waiting(1), 4_000)).toBe(true);
      const closing = shop.post(`/registers/${registerId}/close`, {});
      expect(await until(() => waiting(2), 4_000)).toBe(true);
      await slow.query('COMMIT');
      expect((await selling).status).toBe(201);
      expect(await closing).toMatchObject({ status: 200, body: { sales: 1, cashCents: '1000' } });
    } finally {
      await slow.end();
    }
  }); // prettier-ignore
});

describe('opening a register', () => {
  it('is refused while it is open, and for a day that is closed already', async () => {
    const registerId = await shop.openRegister();
    expect((await shop.post(`/registers/${registerId}/open`, { day })).body).toMatchObject({ openDay: day });
    const again = await shop.post(`/registers/${registerId}/open`, { day });
    expect(again).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining(`open for ${day}`) },
    });
    expect(await shop.post('/registers/2000000000/open', { day })).toMatchObject({ status: 404 });
    const listed = await shop.get('/registers');
    expect(listed.body).toContainEqual(expect.objectContaining({ id: registerId, openDay: day }));
  });

  it('at the moment at which the last other register is closed comes before that or is refused', async () => {
    for (let round = 0; round < 8; round += 1) {
      days += 1;
      day = new Date(Date.UTC(2026, 5, days)).toISOString().slice(0, 10);
      const [last, late] = [await shop.openRegister(day), await shop.openRegister()];
      const [closed, opened] = await Promise.all([
        shop.post(`/registers/${last}/close`, {}),
        shop.post(`/registers/${late}/open`, { day }),
      ]);
      expect(closed.status).toBe(200);
      // Below Serializable both could happen: a register that is open for a day that has ended.
      expect(opened.status).toBe(closed.body.dayClosed === true ? 409 : 200);
      await shop.database.query('UPDATE register SET open_day = NULL');
    }
  });
});
