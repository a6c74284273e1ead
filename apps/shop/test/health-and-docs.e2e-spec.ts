import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../../test/support/until.js';
import { OpenShop } from './support/open-shop.js';
import { differences } from './support/schema-check.js';

jest.setTimeout(60_000);

let shop: OpenShop;
let document: any;
beforeAll(async () => {
  shop = await OpenShop.open();
  document = (await shop.get('/docs-json')).body;
});
afterAll(async () => {
  await shop.close();
});

describe('health', () => {
  it('says at /api/health how the shop, its database and its memory are', async () => {
    const manifest = JSON.parse(readFileSync('apps/shop/package.json', 'utf8')) as { version: string };
    const { status, body, headers } = await shop.get('/api/health');
    expect(status).toBe(200);
    expect(headers.get('Cache-Control')).toContain('no-store');
    expect(Object.keys(body)).toEqual(['status', 'timestamp', 'uptime', 'database', 'version', 'memory']);
    expect(body).toMatchObject({
      status: 'ok',
      uptime: expect.any(Number),
      database: { status: 'up', latencyMs: expect.any(Number), details: { max: 20 } },
      version: manifest.version,
      memory: { rss: expect.any(Number), heapUsed: expect.any(Number) },
    });
    expect(Math.abs(Date.now() - Date.parse(body.timestamp as string))).toBeLessThan(60_000);
  });

  it('is ready and alive while the stores answer; a Redis that is not configured is no failure', async () => {
    const ready = await shop.get('/readyz');
    expect(ready).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        details: {
          database: { status: 'up' },
          pool: { status: 'up' },
          redis: { status: 'up', configured: false },
        },
      },
    });
    expect(await shop.get('/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('is alive but not ready while the database is away, and ready again when it is back', async () => {
    await shop.connection.cut();
    const health = await shop.get('/api/health');
    expect(health).toMatchObject({
      status: 503,
      body: { status: 'error', database: { status: 'down', code: 'UNAVAILABLE' } },
    });
    const ready = await shop.get('/readyz');
    expect(ready).toMatchObject({
      status: 503,
      body: { status: 'error', error: { database: { status: 'down' } } },
    });
    expect(await shop.get('/livez')).toMatchObject({ status: 200 });
    expect(ready.body.error).toEqual({ database: { status: 'down' } });
    for (const { text } of [health, ready]) expect(text).not.toMatch(/postgresql:|@|127\.0\.0\.1/);
    expect(shop.log.join('\n')).toMatch(/The database is down, was up .*ECONNREFUSED/);
    await shop.connection.open();
    // A probe gives the same answer for half a second.
    expect(await until(async () => (await shop.get('/readyz')).status === 200, 2_000)).toBe(true);
    expect(await shop.get('/api/health')).toMatchObject({ status: 200 });
  });
});

describe('the description of the API', () => {
  it('lists every route with its answers', () => {
    const routes = Object.entries<Record<string, any>>(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => {
        return `${method.toUpperCase()} ${path} ${Object.keys(responses as object).join(' ')}`;
      }),
    );
    expect(routes.toSorted()).toEqual([
      'DELETE /products/{id} 204 400 404 409 500 503',
      'GET /api/health 200 503',
      'GET /back-office/outbox 200 500 503',
      'GET /back-office/outbox/dead 200 400 500 503',
      'GET /back-office/products 200 400 500 503',
      'GET /back-office/sagas 200 400 500 503',
      'GET /back-office/sagas/{name}/{key} 200 400 404 500 503',
      'GET /card-orders/{key} 200 400 404 500 503',
      'GET /categories 200 500 503',
      'GET /customers 200 400 500 503',
      'GET /customers/by-email/{email} 200 400 404 500 503',
      'GET /customers/{id} 200 400 404 500 503',
      'GET /exports/orders.csv 200 400 500 503',
      'GET /exports/products.csv 200 500 503',
      'GET /inventory/{productId} 200 400 404 500 503',
      'GET /inventory/{productId}/places 200 400 404 500 503',
      'GET /livez 200',
      'GET /orders 200 400 500 503',
      'GET /orders/{id} 200 400 404 500 503',
      'GET /products 200 400 500 503',
      'GET /products/{id} 200 400 404 500 503',
      'GET /products/{id}/price-changes 200 400 404 500 503',
      'GET /readyz 200 503',
      'GET /registers 200 500 503',
      'GET /reports/end-of-day 200 400 500 503',
      'GET /reports/low-stock 200 400 500 503',
      'GET /reports/prices 200 400 500 503',
      'GET /reports/sales 200 400 500 503',
      'GET /reports/top-customers 200 400 500 503',
      'GET /sales/{id} 200 400 404 500 503',
      'PATCH /customers/{id} 200 400 404 413 500 503',
      'PATCH /products/{id} 200 400 404 409 413 500 503',
      'POST /back-office/outbox/dead/retry 200 400 413 500 503',
      'POST /back-office/outbox/dead/{id}/discard 204 400 404 413 500 503',
      'POST /back-office/sagas/{name}/{key}/resolve 200 400 404 409 413 500 503',
      'POST /back-office/sagas/{name}/{key}/retry 200 400 404 409 413 500 503',
      'POST /card-orders 201 202 400 402 404 409 413 500 502 503',
      'POST /card-orders/{key}/cancel 200 202 400 404 409 500 503',
      'POST /card-orders/{key}/refund 200 202 400 404 409 500 503',
      'POST /customers 201 400 409 413 500 503',
      'POST /inventory/transfers 201 400 404 409 413 500 503',
      'POST /inventory/{productId}/adjustments 200 400 404 409 413 500 503',
      'POST /orders 201 400 404 409 413 500 503',
      'POST /orders/track 200 400 404 413 500 503',
      'POST /orders/{id}/returns 201 400 404 409 413 500 503',
      'POST /products 201 400 404 409 413 500 503',
      'POST /products/import 200 400 409 413 500 503',
      'POST /products/price-changes 200 400 413 500 503',
      'POST /products/prices 200 400 413 500 503',
      'POST /products/{id}/restore 200 400 404 500 503',
      'POST /registers/{id}/close 200 400 404 409 500 503',
      'POST /registers/{id}/open 200 400 404 409 413 500 503',
      'POST /sales 201 400 404 409 413 500 503',
      'POST /sales/{id}/returns 201 400 404 409 413 500 503',
    ]);
  });

  it('gives every answer a schema', () => {
    for (const [path, methods] of Object.entries<Record<string, any>>(document.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        for (const [status, { content }] of Object.entries<any>(responses)) {
          if (status === '204') continue;
          const type = path.endsWith('.csv') && status === '200' ? 'text/csv' : 'application/json';
          expect([method, path, status, content?.[type]?.schema]).not.toContain(undefined);
        }
      }
    }
  });

  it('has an example for POST /orders that fits its own schema and is accepted by the shop', async () => {
    const { schema, examples } = document.paths['/orders'].post.requestBody.content['application/json'];
    const example = examples.order.value;
    expect(differences(document, schema, example)).toEqual([]);
    expect(differences(document, schema, { ...example, items: [] })).not.toEqual([]);
    expect(differences(document, schema, { ...example, customerId: '1' })).not.toEqual([]);

    await shop.addCustomer();
    for (const _product of example.items) await shop.stockUp();
    expect(await shop.post('/orders', example)).toMatchObject({ status: 201 });
  });

  it.each([
    ['GET', '/products', '/products', undefined, '200'],
    ['GET', '/products/1', '/products/{id}', undefined, '200'],
    [
      'POST',
      '/products/price-changes',
      '/products/price-changes',
      { reason: 'Sale', prices: [{ sku: 'TEST-1', priceCents: 1_500 }] },
      '200',
    ],
    ['GET', '/products/1/price-changes', '/products/{id}/price-changes', undefined, '200'],
    ['GET', '/categories', '/categories', undefined, '200'],
    ['GET', '/inventory/1', '/inventory/{productId}', undefined, '200'],
    ['GET', '/customers', '/customers', undefined, '200'],
    ['GET', '/customers/1', '/customers/{id}', undefined, '200'],
    ['POST', '/orders', '/orders', { customerId: 1, items: [{ productId: 1, quantity: 1 }] }, '201'],
    ['GET', '/orders', '/orders', undefined, '200'],
    ['POST', '/registers/1/open', '/registers/{id}/open', { day: '2026-01-02' }, '200'],
    ['GET', '/registers', '/registers', undefined, '200'],
    [
      'POST',
      '/sales',
      '/sales',
      { registerId: 1, items: [{ productId: 1, quantity: 1 }], tenderedCents: 5_000 },
      '201',
    ],
    ['GET', '/sales/1', '/sales/{id}', undefined, '200'],
    [
      'POST',
      '/sales/1/returns',
      '/sales/{id}/returns',
      { registerId: 1, lines: [{ lineNo: 1, quantity: 1 }] },
      '201',
    ],
    [
      'POST',
      '/orders/1/returns',
      '/orders/{id}/returns',
      { registerId: 1, lines: [{ lineNo: 1, quantity: 1 }] },
      '201',
    ],
    [
      'POST',
      '/inventory/transfers',
      '/inventory/transfers',
      { from: 'FLOOR', to: 'WAREHOUSE', items: [{ productId: 1, quantity: 1 }] },
      '201',
    ],
    ['GET', '/inventory/1/places', '/inventory/{productId}/places', undefined, '200'],
    ['GET', '/reports/end-of-day?day=2026-01-02', '/reports/end-of-day', undefined, '200'],
    ['POST', '/registers/1/close', '/registers/{id}/close', {}, '200'],
    ['GET', '/api/health', '/api/health', undefined, '200'],
    ['GET', '/livez', '/livez', undefined, '200'],
    ['GET', '/readyz', '/readyz', undefined, '200'],
    ['POST', '/orders', '/orders', { items: [{}] }, '400'],
    ['GET', '/products/999', '/products/{id}', undefined, '404'],
    ['POST', '/orders', '/orders', { customerId: 1, items: [{ productId: 1, quantity: 99_999 }] }, '409'],
  ])('describes what the shop really answers: %s %s (%s)', async (method, path, route, body, status) => {
    if ((await shop.get('/customers/1')).status === 404) await shop.addCustomer();
    if ((await shop.get('/products/1')).status === 404) await shop.stockUp();
    const answer = await shop.send(method, path, body);
    expect(String(answer.status)).toBe(status);
    const { content } = document.paths[route][method.toLowerCase()].responses[status];
    expect(differences(document, content['application/json'].schema, answer.body)).toEqual([]);
  });

  it('lists the filters, the order and the page of a list, as they are accepted', async () => {
    const { parameters } = document.paths['/products'].get;
    const names: string[] = parameters.map(({ name }: { name: string }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'filter[priceCents][gte]',
        'filter[name][contains]',
        'filter[category.slug][in]',
      ]),
    );
    expect(names.slice(-6)).toEqual(['sort', 'first', 'after', 'last', 'before', 'total']);
    const values: Record<string, string> = {
      createdAt: '2025-01-01',
      active: 'true',
      categoryId: '1',
      priceCents: '1',
    };
    for (const name of names.filter((each) => each.startsWith('filter['))) {
      const [, field = ''] = /^filter\[([^\]]+)\]/.exec(name) ?? [];
      expect([name, (await shop.get(`/products?${name}=${values[field] ?? 'x'}`)).status]).toEqual([
        name,
        200,
      ]);
    }
  });

  it('is shown to people at /docs', async () => {
    const { status, headers, text } = await shop.get('/docs');
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toContain('text/html');
    expect(text).toContain('Shop API');
  });
});
