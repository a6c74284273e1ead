import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../../test/support/until.js';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

let shop: OpenShop;
let customerId: number;
let productId: number;
beforeAll(async () => {
  shop = await OpenShop.open();
  customerId = await shop.addCustomer();
  productId = await shop.stockUp({ stock: 3 });
});
afterAll(async () => {
  await shop.close();
});

const line = { productId: 1, quantity: 1 };

describe('a request that is not valid', () => {
  it.each<[string, unknown, string[]]>([
    ['an empty body', {}, ['customerId', 'items']],
    ['an array', [], ['customerId', 'items']],
    ['a customer id that is text', { customerId: '1', items: [line] }, ['customerId']],
    ['a customer id beyond 32 bits', { customerId: 2_147_483_648, items: [line] }, ['customerId']],
    ['an unknown field', { customerId: 1, items: [line], admin: true }, ['admin']],
    ['no items', { customerId: 1, items: [] }, ['items']],
    ['items that are an object', { customerId: 1, items: { 0: line } }, ['items', 'items.0', 'items.productId', 'items.quantity']],
    ['a quantity of 0', { customerId: 1, items: [line, { productId: 1, quantity: 0 }] }, ['items.1.quantity']],
    ['a negative quantity', { customerId: 1, items: [{ productId: 1, quantity: -1 }] }, ['items.0.quantity']],
    ['half a piece', { customerId: 1, items: [{ productId: 1, quantity: 0.5 }] }, ['items.0.quantity']],
    ['a quantity beyond the limit', { customerId: 1, items: [{ productId: 1, quantity: 100_001 }] }, ['items.0.quantity']],
    ['a quantity that is infinite', '{"customerId":1,"items":[{"productId":1,"quantity":1e999}]}', ['items.0.quantity']],
    ['an unknown field of an item', { customerId: 1, items: [{ ...line, priceCents: 1 }] }, ['items.0.priceCents']],
    ['an item that is a number', { customerId: 1, items: [line, 5] }, ['items', 'items.1']],
    ['an item that is null', { customerId: 1, items: [null] }, ['items', 'items.0']],
    ['an item that is an array', { customerId: 1, items: [[]] }, ['items']],
    ['more than 100 items', { customerId: 1, items: Array.from({ length: 101 }, () => line) }, ['items']],
  ])('is answered with 400 and the paths of the wrong fields: %s', async (_case, body, paths) => {
    const answer = await shop.post('/orders', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ statusCode: 400, error: 'Bad Request', message: expect.any(String) });
    const found = answer.body.errors.map(({ path }: { path: string }) => path);
    expect(found.toSorted()).toEqual(paths.toSorted());
    for (const { problems } of answer.body.errors) expect(problems.length).toBeGreaterThan(0);
  }); // prettier-ignore

  it.each([
    ['POST', '/products', { sku: 'x', name: ' ', priceCents: 1.5, weightKg: 1.25, categoryId: 0 }, ['sku', 'name', 'priceCents', 'weightKg', 'categoryId']],
    ['PATCH', '/products/1', { priceCents: null }, ['priceCents', 'version']],
    ['PATCH', '/customers/1', { name: { set: 'x' }, email: 'a@b.c', id: 2, orders: { deleteMany: {} } }, ['name', 'email', 'id', 'orders']],
    ['PATCH', '/customers/1', {}, ['name']],
    ['PATCH', '/customers/1', [], ['body', 'name']],
    ['PATCH', '/customers/1', '{"name":"x","__proto__":{"email":"y"}}', ['__proto__']],
    ['PATCH', '/customers/1', { name: ' ' }, ['name']],
    ['DELETE', '/products/1', undefined, ['version']],
    ['POST', '/customers', { email: 'nobody', name: 'a\0b' }, ['email', 'name']],
    ['POST', '/inventory/1/adjustments', { delta: 0 }, ['delta']],
    ['GET', '/products?first=0&take=1&filter[categoryId]=x', undefined, ['first', 'take', 'filter.categoryId.eq']],
    ['GET', '/products?first=101', undefined, ['first']],
    ['GET', '/products?first=1&first=2', undefined, ['first']],
    ['GET', '/products?filter[description]=x&filter[priceCents][in]=1&sort=weightKg', undefined, ['filter.description', 'filter.priceCents.in', 'sort']],
    ['GET', '/products?total=maybe', undefined, ['total']],
    ['GET', '/orders?filter[customerId]=2147483648&filter[placedAt][gte]=yesterday&filter[status]=LOST', undefined, ['filter.customerId.eq', 'filter.placedAt.gte', 'filter.status.eq']],
    ['GET', '/customers?filter[email][contains]=%00', undefined, ['filter.email.contains']],
    ['GET', '/products/99999999999', undefined, ['id']],
    ['GET', '/products/-1', undefined, ['id']],
    ['GET', '/orders/abc', undefined, ['id']],
    ['GET', '/orders/9223372036854775808', undefined, ['id']],
    ['GET', '/inventory/1.5', undefined, ['productId']],
  ])('is answered with 400 and the paths of the wrong fields: %s %s', async (method, path, body, paths) => {
    const answer = await shop.send(method, path, body);
    expect(answer.status).toBe(400);
    const found = answer.body.errors.map(({ path: field }: { path: string }) => field);
    expect(found.toSorted()).toEqual(paths.toSorted());
  }); // prettier-ignore

  it('is answered with 400 when it is no JSON, without repeating what was sent', async () => {
    const answer = await shop.post('/orders', '{"customerId": hunter2');
    expect(answer).toMatchObject({ status: 400, body: { statusCode: 400, error: 'Bad Request' } });
    expect(answer.text).not.toContain('hunter2');
  });

  it('is answered with 413 when it is too large', async () => {
    const answer = await shop.post('/customers', { email: 'a@example.com', name: 'x'.repeat(200_000) });
    expect(answer).toMatchObject({ status: 413, body: { statusCode: 413, error: 'Payload Too Large' } });
  });
});

describe('what does not exist', () => {
  it.each(['/nowhere', '/products/1/nowhere', '/products/2000000000', '/customers/2000000000', '/inventory/2000000000', '/orders/9223372036854775807'])(
    'is answered with 404: %s',
    async (path) => {
      const answer = await shop.get(path);
      expect(answer).toMatchObject({ status: 404, body: { statusCode: 404, error: 'Not Found' } });
    },
  ); // prettier-ignore

  it('is answered with 404 when it is to be changed', async () => {
    const change = await shop.send('PATCH', '/products/2000000000', { name: 'Lamp', version: 1 });
    expect(change).toMatchObject({ status: 404, body: { message: 'Product 2000000000 does not exist.' } });
    const category = await shop.send('PATCH', `/products/${productId}`, { categoryId: 77, version: 1 });
    expect(category).toMatchObject({ status: 404, body: { message: 'Category 77 does not exist.' } });
    expect(await shop.post('/inventory/2000000000/adjustments', { delta: 1 })).toMatchObject({ status: 404 });
  });
});

describe('products', () => {
  const lamp = {
    sku: 'LAMP-NEW-1',
    name: ' Brass Lamp ',
    priceCents: 4_990,
    weightKg: '1.25',
    categoryId: 2,
  };

  it('are added, changed, found by part of their name in any case, and read with category and stock', async () => {
    const added = await shop.post('/products', lamp);
    expect(added.status).toBe(201);
    const path = added.headers.get('Location') ?? '';
    expect(added.body).toEqual({
      id: expect.any(Number),
      sku: 'LAMP-NEW-1',
      name: 'Brass Lamp',
      description: null,
      priceCents: 4_990,
      currency: 'EUR',
      weightKg: '1.250',
      active: true,
      categoryId: 2,
      version: 1,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      category: { id: 2, name: 'Seating', slug: 'seating' },
      stock: { quantity: 0, reorderLevel: 0 },
    });
    const changed = await shop.send('PATCH', path, {
      priceCents: 5_990,
      description: 'For reading.',
      version: 1,
    });
    expect(changed.body).toMatchObject({
      name: 'Brass Lamp',
      priceCents: 5_990,
      description: 'For reading.',
      version: 2,
    });
    expect((await shop.send('PATCH', path, { description: null, version: 2 })).body).toMatchObject({
      description: null,
    });
    const found = await shop.get('/products?filter[name][contains]=bRASS&filter[categoryId]=2&total=true');
    expect(found.body).toMatchObject({ totalCount: 1, items: [{ sku: 'LAMP-NEW-1' }] });
    expect((await shop.get(path)).body).toMatchObject({ priceCents: 5_990, stock: { quantity: 0 } });
  });

  it('are searched for literally: % and _ are no wildcards', async () => {
    for (const wildcard of ['%25', '_', '%5C']) {
      const { body } = await shop.get(`/products?filter[name][contains]=${wildcard}`);
      expect(body).toMatchObject({ items: [] });
    }
  });

  it('have different SKUs', async () => {
    const taken = await shop.post('/products', { ...lamp, sku: 'TEST-1' });
    expect(taken).toMatchObject({ status: 409, body: { message: expect.stringContaining('TEST-1') } });
  });

  it('belong to categories', async () => {
    expect((await shop.get('/categories')).body).toHaveLength(2);
  });
});

describe('stock', () => {
  it('is adjusted upwards and downwards, and never below nothing', async () => {
    const id = await shop.stockUp({ stock: 3 });
    const up = await shop.post(`/inventory/${id}/adjustments`, { delta: 4 });
    expect(up).toMatchObject({ status: 200, body: { productId: id, quantity: 7, reorder: false } });
    const down = await shop.post(`/inventory/${id}/adjustments`, { delta: -8 });
    expect(down).toMatchObject({
      status: 409,
      body: { details: { productId: id, delta: -8, available: 7 } },
    });
    expect((await shop.get(`/inventory/${id}`)).body).toMatchObject({ quantity: 7 });
  });

  it('adds up when it is adjusted by many at once', async () => {
    const id = await shop.stockUp({ stock: 0 });
    const deltas = Array.from({ length: 30 }, (_, index) => index + 1);
    await Promise.all(deltas.map((delta) => shop.post(`/inventory/${id}/adjustments`, { delta })));
    expect(await shop.stockOf(id)).toBe(465);
  });
});

describe('customers', () => {
  it('have different addresses, whatever their case', async () => {
    const added = await shop.post('/customers', { email: 'Grace@Example.com', name: 'Grace Novak' });
    expect(added).toMatchObject({ status: 201, body: { email: 'grace@example.com' } });
    expect((await shop.get(added.headers.get('Location') ?? '')).body).toEqual(added.body);
    const again = await shop.post('/customers', { email: 'GRACE@example.com', name: 'Somebody else' });
    expect(again.status).toBe(409);
    expect(again.text).not.toContain('Novak');
    const found = await shop.get('/customers?filter[name][contains]=novak&filter[email]=grace@example.com');
    expect(found.body.items).toEqual([added.body]);
  });

  it('are renamed, and nothing else of them is changed', async () => {
    const id = await shop.addCustomer('Ada Fischer');
    const before = (await shop.get(`/customers/${id}`)).body;
    const renamed = await shop.send('PATCH', `/customers/${id}`, { name: 'Ada Novak' });
    expect(renamed).toMatchObject({ status: 200, body: { ...before, name: 'Ada Novak' } });
    expect(await shop.send('PATCH', '/customers/2000000000', { name: 'x' })).toMatchObject({ status: 404 });
  });

  it('are one when two with the same address come at the same moment', async () => {
    const twins = ['Twin A', 'Twin B'].map((name) =>
      shop.post('/customers', { email: 'twin@example.com', name }),
    );
    const statuses = (await Promise.all(twins)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([201, 409]);
  });
});

describe('a failure that is not the client’s', () => {
  it('is answered with 503 and Retry-After while the database is away, and with success when it is back', async () => {
    await shop.connection.cut();
    const order = { customerId, items: [{ productId, quantity: 1 }] };
    for (const answer of [await shop.get('/products'), await shop.post('/orders', order)]) {
      expect(answer).toMatchObject({ status: 503, body: { statusCode: 503, error: 'Service Unavailable' } });
      expect(answer.headers.get('Retry-After')).toBe('2');
      expect(answer.text).not.toMatch(/127\.0\.0\.1|postgres|SELECT/i);
    }
    await shop.connection.open();
    // The finding that the database is away holds for half a second.
    const placed = async () => (await shop.post('/orders', order)).status === 201;
    expect(await until(placed, 5_000)).toBe(true);
  });

  it('is answered with 500, an id and no detail when it is unknown', async () => {
    await shop.database.query('ALTER TABLE customer RENAME COLUMN email TO address');
    try {
      const answer = await shop.get('/customers');
      expect(answer.body).toEqual({
        statusCode: 500,
        error: 'Internal Server Error',
        code: 'SCHEMA',
        message: 'Something went wrong.',
        requestId: answer.headers.get('X-Request-Id'),
      });
      expect(answer.text).not.toMatch(/email|column|customer|prisma/i);
      expect(answer.body.requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(shop.log).toContainEqual(expect.stringContaining(`${answer.body.requestId} `));
      expect(shop.log).toContainEqual(expect.stringContaining('email does not exist'));
    } finally {
      await shop.database.query('ALTER TABLE customer RENAME COLUMN address TO email');
    }
  });
});
