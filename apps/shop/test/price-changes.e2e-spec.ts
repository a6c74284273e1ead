import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OpenShop, type Answer } from './support/open-shop.js';

jest.setTimeout(60_000);

let shop: OpenShop;
beforeAll(async () => {
  shop = await OpenShop.open();
});
afterAll(async () => {
  await shop.close();
});

interface Stocked {
  readonly id: number;
  readonly sku: string;
}

async function stockUp(count: number): Promise<Stocked[]> {
  const stocked: Stocked[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = await shop.stockUp({ priceCents: 1_000 });
    stocked.push({ id, sku: (await shop.get(`/products/${id}`)).body.sku });
  }
  return stocked;
}

function change(reason: string, ...prices: (readonly [string, number])[]): Promise<Answer> {
  return shop.post('/products/price-changes', {
    reason,
    prices: prices.map(([sku, priceCents]) => ({ sku, priceCents })),
  });
}

async function priceAndReasons({ id }: Stocked): Promise<[number, ...string[]]> {
  const history = await shop.get(`/products/${id}/price-changes`);
  expect(history.status).toBe(200);
  const { priceCents } = (await shop.get(`/products/${id}`)).body;
  return [priceCents, ...history.body.map(({ reason }: { reason: string }) => reason)];
}

describe('a list of price changes', () => {
  it('keeps what is accepted, and takes back what is refused alone, with the row about it', async () => {
    const [lamp, chair, desk] = (await stockUp(3)) as [Stocked, Stocked, Stocked];
    const answer = await change(
      'Sale',
      [desk.sku, 700],
      ['NO-SUCH-SKU', 500],
      [chair.sku, -1],
      [lamp.sku, 800],
    );
    expect(answer).toMatchObject({
      status: 200,
      body: {
        changed: 2,
        outcomes: [
          { sku: desk.sku, outcome: 'changed', version: 2 },
          { sku: 'NO-SUCH-SKU', outcome: 'unknown' },
          { sku: chair.sku, outcome: 'refused' },
          { sku: lamp.sku, outcome: 'changed', version: 2 },
        ],
      },
    });
    expect(await priceAndReasons(lamp)).toEqual([800, 'Sale']);
    expect(await priceAndReasons(desk)).toEqual([700, 'Sale']);
    expect(await priceAndReasons(chair)).toEqual([1_000]);
    expect((await change('Again', [lamp.sku, 800])).body.outcomes).toEqual([
      { sku: lamp.sku, outcome: 'same' },
    ]);
    await change('Sale is over', [lamp.sku, 1_000]);
    expect((await shop.get(`/products/${lamp.id}/price-changes`)).body).toMatchObject([
      { oldPriceCents: 800, newPriceCents: 1_000, reason: 'Sale is over' },
      { oldPriceCents: 1_000, newPriceCents: 800, reason: 'Sale' },
    ]);
  });

  it('changes nothing at all when the database fails in its midst, and is no refusal of one price', async () => {
    const [lamp, chair] = (await stockUp(2)) as [Stocked, Stocked];
    await shop.database.query(`
      CREATE FUNCTION fail_late() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER fail_late BEFORE UPDATE ON product FOR EACH ROW WHEN (NEW.id = ${chair.id})
        EXECUTE FUNCTION fail_late()`);
    const failed = await change('Sale', [lamp.sku, 800], [chair.sku, 900]);
    await shop.database.query('DROP TRIGGER fail_late ON product; DROP FUNCTION fail_late');
    expect(failed.status).toBeGreaterThanOrEqual(500);
    expect(await priceAndReasons(lamp)).toEqual([1_000]);
    expect(await priceAndReasons(chair)).toEqual([1_000]);
  });

  it('never deadlocks with others that name the same products in another order, and every new price has its row', async () => {
    const stocked = await stockUp(6);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const order = index % 2 === 0 ? stocked : stocked.toReversed();
        return change(`List ${index}`, ...order.map(({ sku }) => [sku, 2_000 + index] as const));
      }),
    );
    expect(shop.surprises(answers, 200)).toEqual([]);
    const accepted = answers.reduce((sum, { body }) => sum + (body.changed as number), 0);
    expect(accepted).toBeGreaterThanOrEqual(stocked.length);
    const [row] = await shop.database.query<{ rows: number; versions: number; right: boolean }>(
      `SELECT (SELECT count(*)::int FROM price_change WHERE product_id = ANY($1)) AS rows,
         (SELECT sum(version - 1)::int FROM product WHERE id = ANY($1)) AS versions,
         (SELECT bool_and(price_cents = (SELECT new_price_cents FROM price_change c WHERE c.product_id = p.id ORDER BY c.id DESC LIMIT 1))
            FROM product p WHERE id = ANY($1)) AS right`,
      [stocked.map(({ id }) => id)],
    );
    expect(row).toEqual({ rows: accepted, versions: accepted, right: true });
    expect(shop.log.join('\n')).not.toMatch(/deadlock/i);
  });

  it('is refused as a whole when it is no list of prices', async () => {
    expect(await change('', ['TEST-1', 1])).toMatchObject({ status: 400 });
    expect(await change('Sale')).toMatchObject({ status: 400 });
    expect(await change('Sale', ['TEST-1', 1.5])).toMatchObject({ status: 400 });
    expect(await shop.get('/products/2000000000/price-changes')).toMatchObject({ status: 404 });
  });
});

describe('a price that is changed in another way', () => {
  it('leaves a row with the old and the new price as well, and a change that is refused leaves none', async () => {
    const [lamp, chair, desk] = (await stockUp(3)) as [Stocked, Stocked, Stocked];
    const history = async ({ id }: Stocked) =>
      (await shop.get(`/products/${id}/price-changes`)).body.map((row: Record<string, unknown>) => [
        row.reason,
        row.oldPriceCents,
        row.newPriceCents,
      ]);

    const edited = { priceCents: 1_100, version: 1 };
    expect(await shop.send('PATCH', `/products/${lamp.id}`, edited)).toMatchObject({ status: 200 });
    expect(await shop.send('PATCH', `/products/${lamp.id}`, { ...edited, priceCents: 1 })).toMatchObject({
      status: 409,
    });
    expect(await shop.send('PATCH', `/products/${lamp.id}`, { name: 'Lamp', version: 2 })).toMatchObject({
      status: 200,
    });
    expect(await history(lamp)).toEqual([['Edited', 1_000, 1_100]]);

    const prices = [
      { sku: chair.sku, priceCents: 1_200 },
      { sku: desk.sku, priceCents: 1_000 },
    ];
    expect((await shop.post('/products/prices', { prices })).body.changed).toBe(1);
    expect(await history(chair)).toEqual([['Price list', 1_000, 1_200]]);
    expect(await history(desk)).toEqual([]);

    const imported = (sku: string, priceCents: number) => ({
      sku,
      name: sku,
      priceCents,
      weightKg: '1',
      categoryId: 1,
    });
    const products = [imported(desk.sku, 1_300), imported('IMPORTED-1', 500)];
    expect(await shop.post('/products/import', { products })).toMatchObject({ status: 200 });
    expect(await history(desk)).toEqual([['Import', 1_000, 1_300]]);
    const foreign = { ...imported(desk.sku, 1_400), categoryId: 999 };
    expect((await shop.post('/products/import', { products: [foreign] })).status).toBeGreaterThanOrEqual(400);
    expect(await history(desk)).toHaveLength(1);
  });
});
