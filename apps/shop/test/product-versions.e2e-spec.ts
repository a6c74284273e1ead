import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

let shop: OpenShop;
beforeAll(async () => {
  shop = await OpenShop.open();
});
afterAll(async () => {
  await shop.close();
});

describe('a change of a price', () => {
  it('counts the version, and is refused with 409 and the actual version when somebody was faster', async () => {
    const id = await shop.stockUp({ priceCents: 1_000 });
    const first = await shop.send('PATCH', `/products/${id}`, { priceCents: 1_100, version: 1 });
    expect(first).toMatchObject({ status: 200, body: { priceCents: 1_100, version: 2 } });
    const late = await shop.send('PATCH', `/products/${id}`, { priceCents: 900, version: 1 });
    expect(late).toMatchObject({
      status: 409,
      body: {
        error: 'Conflict',
        message: expect.stringContaining('is at version 2, not 1'),
        details: { productId: id, expectedVersion: 1, actualVersion: 2 },
      },
    });
    expect((await shop.get(`/products/${id}`)).body).toMatchObject({ priceCents: 1_100, version: 2 });
  });

  it('of ten at the same moment succeeds for exactly one', async () => {
    const id = await shop.stockUp();
    const changes = Array.from({ length: 10 }, (_, cents) =>
      shop.send('PATCH', `/products/${id}`, { priceCents: cents, version: 1 }),
    );
    const answers = await Promise.all(changes);
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
    const rows = await shop.database.query('SELECT price_cents, version FROM product WHERE id = $1', [id]);
    expect(rows).toEqual([{ price_cents: won[0]?.body.priceCents, version: 2 }]);
  });

  it('of a product that does not exist is a 404 and no conflict', async () => {
    const answer = await shop.send('PATCH', '/products/2000000000', { priceCents: 1, version: 7 });
    expect(answer.status).toBe(404);
  });
});

describe('a product that was taken out of the range', () => {
  it('is in no answer any more, can be ordered by nobody, and is itself again once it is back', async () => {
    const customerId = await shop.addCustomer();
    const id = await shop.stockUp();
    const order = { customerId, items: [{ productId: id, quantity: 1 }] };
    const placed = await shop.post('/orders', order);
    expect(await shop.send('DELETE', `/products/${id}?version=9`)).toMatchObject({ status: 409 });

    const before = await shop.get(`/products/${id}`);
    expect(await shop.send('DELETE', `/products/${id}?version=1`)).toMatchObject({ status: 204 });
    expect(await shop.get(`/products/${id}`)).toMatchObject({ status: 404 });
    expect((await shop.get(`/products?filter[sku]=${before.body.sku}`)).body.items).toEqual([]);
    expect(await shop.post('/orders', order)).toMatchObject({ status: 404 });
    expect(await shop.send('PATCH', `/products/${id}`, { priceCents: 1, version: 2 })).toMatchObject({
      status: 404,
    });
    expect(await shop.send('DELETE', `/products/${id}?version=2`)).toMatchObject({ status: 404 });
    // What was ordered stays ordered.
    expect((await shop.get(`/orders/${placed.body.id}`)).body).toEqual(placed.body);

    const restored = await shop.post(`/products/${id}/restore`, undefined);
    expect(restored).toMatchObject({ status: 200, body: { id, sku: before.body.sku, version: 3 } });
    expect(await shop.post('/orders', order)).toMatchObject({ status: 201 });
    expect(await shop.post(`/products/${id}/restore`, undefined)).toMatchObject({ status: 404 });
  });

  it('keeps its SKU, so that no other product can be mistaken for it', async () => {
    const id = await shop.stockUp();
    const { sku, categoryId } = (await shop.get(`/products/${id}`)).body;
    await shop.send('DELETE', `/products/${id}?version=1`);
    const again = { sku, name: 'Lamp', priceCents: 1, weightKg: '1', categoryId };
    expect(await shop.post('/products', again)).toMatchObject({ status: 409 });
  });
});

describe('an import', () => {
  const product = (sku: string, priceCents: number) => ({
    sku,
    name: `Lamp ${sku}`,
    priceCents,
    weightKg: '1.5',
    categoryId: 1,
  });

  it('adds what is new with a place on the shelf, changes what is known, and counts its version', async () => {
    const first = await shop.post('/products/import', { products: [product('IMP-1', 100), product('IMP-2', 200)] });
    expect(first).toMatchObject({ status: 200, body: { inserted: 2, updated: 0 } });
    const second = await shop.post('/products/import', { products: [product('IMP-3', 300), product('IMP-2', 250)] });
    expect(second.body).toEqual({ inserted: 1, updated: 1, unchanged: 0 });
    const { items } = (await shop.get('/products?filter[sku][startsWith]=IMP-&sort=sku')).body;
    expect(items.map(({ priceCents, version }: any) => [priceCents, version])).toEqual([[100, 1], [250, 2], [300, 1]]);
    expect((await shop.get(`/products/${items[2].id}`)).body.stock).toEqual({ quantity: 0, reorderLevel: 0 });
  }); // prettier-ignore

  it('takes over all products or none', async () => {
    const wrong = { ...product('IMP-9', 1), categoryId: 99 };
    expect((await shop.post('/products/import', { products: [product('IMP-8', 1), wrong] })).status).toBe(
      409,
    );
    const twice = await shop.post('/products/import', {
      products: [product('IMP-8', 1), product('IMP-8', 2)],
    });
    expect(twice.status).toBe(400);
    expect((await shop.get('/products?filter[sku][in]=IMP-8,IMP-9')).body.items).toEqual([]);
  });
});
