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

describe('a customer by the email address', () => {
  it('is found however the address is written, and only the one it belongs to', async () => {
    const { body: ada } = await shop.post('/customers', { email: 'ada+1@example.com', name: 'Ada' });
    await shop.post('/customers', { email: 'bo@example.com', name: 'Bo' });
    expect(await shop.get('/customers/by-email/ada%2B1@example.com')).toMatchObject({
      status: 200,
      body: ada,
    });
    expect(await shop.get('/customers/by-email/ADA%2B1@Example.COM')).toMatchObject({
      status: 200,
      body: ada,
    });
  });

  it('is a 404 that does not repeat the address, and a 400 for what no address can hold', async () => {
    const unknown = await shop.get('/customers/by-email/nobody@example.com');
    expect(unknown.status).toBe(404);
    expect(unknown.text).not.toContain('nobody');
    expect(await shop.get("/customers/by-email/'%20OR%201=1--")).toMatchObject({ status: 404 });
    expect(await shop.get('/customers/by-email/a%00b')).toMatchObject({ status: 400 });
  });
});

describe('the tracking of an order', () => {
  it('shows the order to who knows its number and its address, and is the same 404 for either alone', async () => {
    const { body: customer } = await shop.post('/customers', { email: 'cy@example.com', name: 'Cy' });
    const { body: other } = await shop.post('/customers', { email: 'di@example.com', name: 'Di' });
    const productId = await shop.stockUp();
    const items = [{ productId, quantity: 1 }];
    const { body: order } = await shop.post('/orders', { customerId: customer.id, items });
    const found = await shop.post('/orders/track', { orderId: order.id, email: ' CY@example.com' });
    expect(found).toMatchObject({ status: 200, body: order });
    const wrongAddress = await shop.post('/orders/track', { orderId: order.id, email: other.email });
    const wrongNumber = await shop.post('/orders/track', { orderId: '999999', email: customer.email });
    expect(wrongAddress.status).toBe(404);
    expect(wrongAddress.body.message).toBe(wrongNumber.body.message);
  });

  it.each([
    { not: '' }, { contains: '' }, { startsWith: 'c' }, { in: ['cy@example.com'] }, { equals: 'cy@example.com' }, { gt: '' },
    ['cy@example.com'], [], null, undefined, { toJSON: 'x' }, { sql: 'TRUE', values: [] }, { $ne: null }, { set: 'x' },
  ])('shows nothing to %j in the place of a value', async (payload) => {
    for (const body of [{ orderId: '1', email: payload }, { orderId: payload, email: 'cy@example.com' }]) {
      const { status, text, body: answer } = await shop.post('/orders/track', body);
      expect(status).toBe(400);
      expect(text).not.toContain('customerId');
      expect(answer.errors).toHaveLength(1);
    }
  }); // prettier-ignore

  it.each(['null', '[]', '"x"', '7', ''])('is a 400 for the body %j', async (body) => {
    expect(await shop.send('POST', '/orders/track', body)).toMatchObject({ status: 400 });
  });
});
