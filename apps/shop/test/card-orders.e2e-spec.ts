import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CardOrders } from './support/card-orders.js';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

let shop: OpenShop;
let cards: CardOrders;
beforeAll(async () => {
  shop = await OpenShop.open({ partners: { timeoutMs: 300, latencyMs: 1 } });
  cards = new CardOrders(shop, await shop.addCustomer());
});
afterAll(async () => {
  await shop.close();
});

const CAPTURED = { requests: 1, voided: false, captured: true, refunded: false };
const RELEASED = { voided: true, captured: false, refunded: false };

describe('a card order', () => {
  it('is confirmed: the goods are off the shelf, the money is collected once, the customer has a letter', async () => {
    const lamp = await shop.stockUp({ priceCents: 4_990, stock: 10 });
    const key = cards.nextKey();
    const { status, body, headers } = await cards.order(key, [[lamp, 2]]);
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { key, status: 'CONFIRMED', reason: null, order: { status: 'PAID', totalCents: '9980' } },
    });
    expect(headers.get('Location')).toBe(`/card-orders/${key}`);
    expect(await cards.charges(key)).toEqual([{ ...CAPTURED, amount: 9_980 }]);
    expect(await shop.stockOf(lamp)).toBe(8);
  });

  it.each([
    ['tok_declined', 'card_declined'],
    ['tok_no_funds', 'insufficient_funds'],
    ['tok_of_nobody', 'unknown_card'],
  ])('with %s is declined: the goods are back on the shelf and nothing is charged', async (token, declineCode) => {
    const lamp = await shop.stockUp({ stock: 3 });
    const key = cards.nextKey();
    const first = await cards.order(key, [[lamp, 3]], token);
    expect(first).toMatchObject({
      status: 402,
      body: { error: 'Payment Required', message: expect.stringContaining('nothing was charged'), details: { declineCode } },
    });
    expect(await shop.stockOf(lamp)).toBe(3);
    expect(await cards.charges(key)).toEqual([{ requests: 1, amount: null, voided: false, captured: false, refunded: false }]);
    expect(await cards.order(key, [[lamp, 3]], token)).toMatchObject({ status: 402, body: first.body });
    expect((await shop.get(`/card-orders/${key}`)).body).toMatchObject({ status: 'DECLINED', order: { status: 'CANCELLED' } });
  }); // prettier-ignore

  it('whose first answer is late is asked for again by its key, and charged once', async () => {
    const lamp = await shop.stockUp({ priceCents: 1_000 });
    const key = cards.nextKey();
    expect(await cards.order(key, [[lamp, 1]], 'tok_slow')).toMatchObject({ status: 201 });
    expect(await cards.charges(key)).toEqual([{ ...CAPTURED, requests: 2, amount: 1_000 }]);
  });

  it.each(['tok_silent', 'tok_cut'])('whose charge with %s has no known outcome is taken back at the bank by its key', async (token) => {
    const lamp = await shop.stockUp({ priceCents: 1_000, stock: 2 });
    const key = cards.nextKey();
    expect(await cards.order(key, [[lamp, 2]], token)).toMatchObject({ status: 502, body: { message: expect.stringContaining('nothing was charged') } });
    expect(await cards.charges(key)).toEqual([{ ...RELEASED, requests: 3, amount: 1_000 * 2 }]);
    expect(await shop.stockOf(lamp)).toBe(2);
    expect(await cards.statusOf(key)).toBe('FAILED');
    expect(await cards.order(key, [[lamp, 2]], token)).toMatchObject({ status: 502 });
  }); // prettier-ignore
});
