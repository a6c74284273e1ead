import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ProductRepository } from '../src/products/product.repository.js';
import { OpenShop } from './support/open-shop.js';
import { differences } from './support/schema-check.js';

jest.setTimeout(60_000);

let shop: OpenShop;
let ids: number[];
beforeAll(async () => {
  shop = await OpenShop.open();
  ids = [];
  for (let index = 0; index < 7; index++) ids.push(await shop.stockUp({ priceCents: 1_000 + 100 * index }));
});
afterAll(async () => {
  await shop.close();
});

async function describedDifferences(path: string, method: string, body: unknown): Promise<string[]> {
  const { body: document } = await shop.get('/docs-json');
  const { content } = document.paths[path][method].responses['200'];
  return differences(document, content['application/json'].schema, body);
}

describe('the table of all products', () => {
  it('has numbered pages with totals, and shows what was withdrawn', async () => {
    await shop.send('DELETE', `/products/${ids[2]}?version=1`);
    const { status, body } = await shop.get('/back-office/products?page=2&pageSize=3');
    expect(status).toBe(200);
    expect(body).toMatchObject({ page: 2, pageSize: 3, totalCount: 7, pageCount: 3 });
    expect(body.items.map(({ id }: any) => id)).toEqual(ids.slice(3, 6));
    expect(await describedDifferences('/back-office/products', 'get', body)).toEqual([]);
    const of = async (show: string) => {
      const page = await shop.get(`/back-office/products?show=${show}`);
      return page.body.items.map(({ id, withdrawnAt }: any) => [id, withdrawnAt === null]);
    };
    expect(await of('withdrawn')).toEqual([[ids[2], false]]);
    expect(await of('offered')).toEqual(ids.filter((_id, index) => index !== 2).map((id) => [id, true]));
    await shop.post(`/products/${ids[2]}/restore`, undefined);
  });

  it('has an empty page behind the last one, and refuses what is no page', async () => {
    const { body } = await shop.get('/back-office/products?page=9&pageSize=3');
    expect(body).toMatchObject({ items: [], page: 9, totalCount: 7, pageCount: 3 });
    const wrong = await shop.get('/back-office/products?page=0&pageSize=101&show=everything');
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors.map(({ path }: any) => path).toSorted()).toEqual(['page', 'pageSize', 'show']);
  });
});

describe('the summary of prices', () => {
  it('has the products for sale by category, in one currency', async () => {
    const other = await shop.stockUp({ priceCents: 5, active: false });
    await shop.stockUp({ priceCents: 7, currency: 'CHF' });
    const { status, body } = await shop.get('/reports/prices');
    expect(status).toBe(200);
    expect(other).toBeGreaterThan(0);
    expect(body).toEqual({
      currency: 'EUR',
      products: 7,
      cheapestCents: 1_000,
      dearestCents: 1_600,
      categories: [
        {
          categoryId: 1,
          category: 'Lighting',
          products: 7,
          cheapestCents: 1_000,
          dearestCents: 1_600,
          averageCents: 1_300,
        },
      ],
    });
    expect(await describedDifferences('/reports/prices', 'get', body)).toEqual([]);
    const none = await shop.get('/reports/prices?currency=JPY');
    expect(none.body).toEqual({ currency: 'JPY', products: 0, cheapestCents: null, dearestCents: null, categories: [] });
    expect(await shop.get('/reports/prices?currency=eur')).toMatchObject({ status: 400 });
  }); // prettier-ignore
});

describe('a list of new prices', () => {
  it('says of each what became of it, and one that fails holds up no other', async () => {
    const products = shop.app.get(ProductRepository);
    const reprice = products.reprice.bind(products);
    // Somebody else is faster, between the reading and the change.
    const spy = jest.spyOn(products, 'reprice').mockImplementation(async (id, version, cents) => {
      if (id === ids[1]) await shop.database.query('UPDATE product SET version = version + 1 WHERE id = $1', [id]);
      return await reprice(id, version, cents);
    });
    try {
      const { status, body } = await shop.post('/products/prices', {
        prices: [
          { sku: 'TEST-1', priceCents: 2_000 },
          { sku: 'TEST-2', priceCents: 2_000 },
          { sku: 'NO-SUCH-1', priceCents: 2_000 },
          { sku: 'TEST-4', priceCents: 1_300 },
          { sku: 'TEST-5', priceCents: 2_500 },
        ],
      });
      expect(status).toBe(200);
      expect(body).toEqual({
        changed: 2,
        outcomes: [
          { sku: 'TEST-1', outcome: 'changed', version: 2 },
          { sku: 'TEST-2', outcome: 'changed-meanwhile' },
          { sku: 'NO-SUCH-1', outcome: 'unknown' },
          { sku: 'TEST-4', outcome: 'same' },
          { sku: 'TEST-5', outcome: 'changed', version: 2 },
        ],
      });
      expect(await describedDifferences('/products/prices', 'post', body)).toEqual([]);
    } finally {
      spy.mockRestore();
    }
    const rows = await shop.database.query('SELECT price_cents FROM product WHERE id = ANY($1) ORDER BY id', [ids.slice(0, 5)]);
    expect(rows.map(({ price_cents }) => price_cents)).toEqual([2_000, 1_100, 1_200, 1_300, 2_500]);
  }); // prettier-ignore

  it('reads its products with one statement, says in the log how far it is, and takes a list that is long', async () => {
    await shop.database.query(
      `INSERT INTO product (sku, name, price_cents, weight_kg, category_id, updated_at)
       SELECT 'LONG-' || n, 'Lamp', 1, 1, 1, now() FROM generate_series(1, 500) n`,
    );
    const prices = Array.from({ length: 500 }, (_, index) => ({
      sku: `LONG-${index + 1}`,
      priceCents: index,
    }));
    const reads: string[] = [];
    const listen = (event: unknown) => {
      const { sql } = event as { readonly sql: string };
      if (/^SELECT/i.test(sql) && /sku/.test(sql)) reads.push(sql);
    };
    subscribe('nestjs-database:postgres:query', listen);
    try {
      const { body } = await shop.post('/products/prices', { prices });
      expect(body.changed).toBe(499);
    } finally {
      unsubscribe('nestjs-database:postgres:query', listen);
    }
    expect(reads.length).toBe(1);
    expect(shop.log.join('\n')).toContain('250 of 500 prices, 0 of them failed.');
  });

  it('is refused as a whole where it is malformed', async () => {
    const twice = [{ sku: 'TEST-1', priceCents: 1 }, { sku: 'TEST-1', priceCents: 2 }]; // prettier-ignore
    for (const prices of [[], twice, [null], [{ sku: { contains: '' }, priceCents: 1 }], [{ sku: 'TEST-1', priceCents: -1 }]]) {
      const { status, body } = await shop.post('/products/prices', { prices });
      expect([status, JSON.stringify(prices)]).toEqual([400, JSON.stringify(prices)]);
      expect(body.errors[0].path).toMatch(/^prices/);
    }
  }); // prettier-ignore
});
