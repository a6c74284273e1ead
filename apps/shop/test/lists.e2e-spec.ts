import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SeedService } from '../src/seed/seed.service.js';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

/** Every statement, as the library publishes it. */
const STATEMENTS = 'nestjs-database:postgres:query';

let shop: OpenShop;
beforeAll(async () => {
  shop = await OpenShop.open();
  await shop.database.query('TRUNCATE category RESTART IDENTITY CASCADE');
  await shop.app.get(SeedService).seedIfEmpty();
});
afterAll(async () => {
  await shop.close();
});

/** All items of a list, page after page, and how many pages there were. */
async function walk(path: string, forwards = true): Promise<{ items: any[]; pages: number }> {
  const items: any[] = [];
  let cursor = '';
  for (let pages = 1; ; pages++) {
    const { status, body } = await shop.get(`${path}${cursor}`);
    expect(status).toBe(200);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = body.pageInfo;
    if (forwards) items.push(...body.items);
    else items.unshift(...body.items);
    if (!(forwards ? hasNextPage : hasPreviousPage)) return { items, pages };
    cursor = forwards ? `&after=${endCursor}` : `&before=${startCursor}`;
  }
}

async function idsOf(sql: string): Promise<unknown[]> {
  return (await shop.database.query<{ id: unknown }>(sql)).map(({ id }) => id);
}

/** What the shop sends while `work` runs. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const listen = (event: unknown) => void statements.push((event as { readonly sql: string }).sql);
  subscribe(STATEMENTS, listen);
  try {
    await work();
  } finally {
    unsubscribe(STATEMENTS, listen);
  }
  return statements;
}

describe('a list', () => {
  it.each([
    ['/products?first=100&sort=-priceCents', 'SELECT id FROM product ORDER BY price_cents DESC, id DESC'],
    ['/products?first=97&sort=name', 'SELECT id FROM product ORDER BY name, id'],
    ['/products?first=30&filter[category.slug]=lighting&filter[active]=true&sort=-createdAt', "SELECT p.id FROM product p JOIN category c ON c.id = category_id WHERE c.slug = 'lighting' AND active ORDER BY created_at DESC, p.id DESC"],
    ['/customers?first=33&filter[name][contains]=A', "SELECT id FROM customer WHERE name ILIKE '%a%' ORDER BY id"],
    ['/orders?first=7&filter[status][in]=PAID,PLACED', "SELECT id::text FROM customer_order WHERE status IN ('PAID', 'PLACED') ORDER BY placed_at DESC, id DESC"],
  ])('visits every record once, in its order: %s', async (path, sql) => {
    const expected = await idsOf(sql);
    const { items, pages } = await walk(path);
    expect(pages).toBeGreaterThan(1);
    expect(items.map(({ id }) => id)).toEqual(expected);
  }); // prettier-ignore

  it('is walked backwards as well', async () => {
    const expected = await idsOf('SELECT id FROM product ORDER BY price_cents, id');
    const { items } = await walk('/products?last=90&sort=priceCents', false);
    expect(items.map(({ id }) => id)).toEqual(expected);
  });

  it('neither repeats nor loses a record when others come and go between the pages', async () => {
    const before = await idsOf('SELECT id FROM customer ORDER BY email, id');
    const first = await shop.get('/customers?first=50&sort=email');
    // Those in front of the cursor: with OFFSET the second page would begin one record too early.
    await shop.database.query("INSERT INTO customer (name, email) VALUES ('Aaron', '0@example.com')");
    const { body } = await shop.get(`/customers?first=100&sort=email&after=${first.body.pageInfo.endCursor}`);
    await shop.database.query("DELETE FROM customer WHERE email = '0@example.com'");
    const ids = [...first.body.items, ...body.items].map(({ id }) => id);
    expect(ids).toEqual(before.slice(0, 150));
  });

  it('counts all records only when it is asked to', async () => {
    const path = '/products?first=1&filter[priceCents][gte]=5000';
    expect((await shop.get(path)).body).not.toHaveProperty('totalCount');
    const [row] = await shop.database.query<{ n: number }>('SELECT count(*)::int AS n FROM product WHERE price_cents >= 5000');
    expect((await shop.get(`${path}&total=true`)).body).toMatchObject({ totalCount: row?.n });
  }); // prettier-ignore

  it('refuses a cursor that was changed, or is one of another list or order, with 400', async () => {
    const { body } = await shop.get('/products?first=1&sort=priceCents');
    const { endCursor } = body.pageInfo as { endCursor: string };
    const changed = `${endCursor.slice(0, -6)}${endCursor.at(-6) === 'A' ? 'B' : 'A'}${endCursor.slice(-5)}`;
    for (const path of [
      `/products?first=1&sort=priceCents&after=${changed}`,
      `/products?first=1&sort=-priceCents&after=${endCursor}`,
      `/products?first=1&sort=name&after=${endCursor}`,
      `/customers?first=1&after=${endCursor}`,
      '/products?after=%27%20OR%201=1',
    ]) {
      const { status, body: answer, text } = await shop.get(path);
      expect([path, status]).toEqual([path, 400]);
      expect(answer.errors).toEqual([{ path: 'after', problems: [expect.any(String)] }]);
      expect(text).not.toMatch(/SELECT|price_cents/);
    }
    expect(await shop.get(`/products?first=1&sort=priceCents&after=${endCursor}`)).toMatchObject({
      status: 200,
    });
  });

  it('names all that is wrong with a query at once', async () => {
    const { status, body } = await shop.get(
      '/products?filter[priceCents][gte]=cheap&filter[password]=x&sort=secret&first=1000&page=2',
    );
    expect(status).toBe(400);
    expect(body).toMatchObject({ statusCode: 400, error: 'Bad Request', code: 'VALIDATION' });
    expect(body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      'filter.password',
      'filter.priceCents.gte',
      'first',
      'page',
      'sort',
    ]);
  });
});

describe('the list of orders', () => {
  it('with customers and items costs three statements, for one order as for a hundred', async () => {
    const sent = new Map<number, string[]>();
    // The first request reads the catalog as well.
    await shop.get('/orders?first=1');
    for (const size of [1, 10, 100]) {
      const statements = await statementsOf(async () => {
        const { body } = await shop.get(`/orders?first=${size}`);
        expect(body.items).toHaveLength(size);
      });
      sent.set(size, statements.filter((sql) => /customer_order|order_item|"customer"/.test(sql)));
    }
    expect([...sent.values()].map(({ length }) => length)).toEqual([3, 3, 3]);
  }); // prettier-ignore

  it('says of each order who it is for and what is in it', async () => {
    const { body } = await shop.get('/orders?first=100&filter[customerId][in]=1,2,3');
    const [row] = await shop.database.query<{ orders: any }>(`
      SELECT json_agg(json_build_object('id', o.id::text, 'name', c.name, 'lines', (
        SELECT json_agg(i.product_id ORDER BY i.line_no) FROM order_item i WHERE i.order_id = o.id))
        ORDER BY o.placed_at DESC, o.id DESC) AS orders
      FROM (SELECT * FROM customer_order WHERE customer_id IN (1, 2, 3) ORDER BY placed_at DESC, id DESC LIMIT 100) o
      JOIN customer c ON c.id = o.customer_id`);
    expect(
      body.items.map(({ id, customer, items }: any) => ({
        id,
        name: customer.name,
        lines: items.map(({ productId }: any) => productId),
      })),
    ).toEqual(row?.orders);
  });
});
