import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PermanentError } from 'nestjs-database';
import { until } from '../../../test/support/until.js';
import { CardBooking } from '../src/card-orders/card-booking.service.js';
import { OrderNoticeRepository } from '../src/card-orders/order-notices.js';
import { FakePartners } from '../src/partners/fake/fake-partners.js';
import { PartnerRefusedError } from '../src/partners/partner.errors.js';
import { PaymentGateway } from '../src/partners/payment-gateway.js';
import { CardOrders } from './support/card-orders.js';
import { OpenShop } from './support/open-shop.js';
import { differences } from './support/schema-check.js';

jest.setTimeout(60_000);

let shop: OpenShop;
let cards: CardOrders;
let lamp: number;
let document: any;
beforeAll(async () => {
  shop = await OpenShop.open({ partners: { timeoutMs: 1_000, latencyMs: 1 } });
  cards = new CardOrders(shop, await shop.addCustomer());
  lamp = await shop.stockUp({ stock: 100 });
  document = (await shop.get('/docs-json')).body;
});
afterAll(async () => {
  await shop.close();
});

const SAGAS = '/back-office/sagas';
const OUTBOX = '/back-office/outbox';

/** Where an answer differs from what the description of the API promises. */
function differs(route: string, method: string, body: unknown): string[] {
  const { schema } = document.paths[route][method].responses['200'].content['application/json'];
  return differences(document, schema, body);
}

/** An order whose last step, the message to the customer, was given up. */
async function orderWithoutMessage(): Promise<string> {
  const key = cards.nextKey();
  const partners = shop.app.get(FakePartners);
  partners.setOutage('messages', true);
  try {
    // It is the customer's all the same.
    expect(await cards.order(key, [[lamp, 1]])).toMatchObject({ status: 201, body: { status: 'CONFIRMED' } });
  } finally {
    partners.setOutage('messages', false);
  }
  return key;
}

describe('a saga that is dead', () => {
  it('is found and shown with its steps, and a retry brings it to its end; the order was never in question', async () => {
    const key = await orderWithoutMessage();
    const { status, body } = await shop.get(`${SAGAS}?state=dead&name=place-card-order`);
    expect([status, body.items.map((item: any) => item.key), body.next]).toEqual([200, [key], null]);
    expect(differs(SAGAS, 'get', body)).toEqual([]);
    const path = `${SAGAS}/place-card-order/${key}`;
    expect(shop.log.filter((line) => line.includes(path))).toHaveLength(1);
    const shown = await shop.get(path);
    expect(differs(`${SAGAS}/{name}/{key}`, 'get', shown.body)).toEqual([]);
    expect(shown.body).toMatchObject({ state: 'dead', failedStep: 'notify', error: expect.stringContaining('503') });
    expect(shown.body.steps.map(({ step, state, attempts }: any) => [step, state, attempts])).toEqual([
      ['reserve', 'done', 1],
      ['authorise', 'done', 1],
      ['confirm', 'done', 1],
      ['capture', 'done', 1],
      ['settle', 'done', 1],
      ['notify', 'started', 5],
    ]);
    const back = await shop.post(`${path}/retry`, { direction: 'back' });
    expect([back.status, back.body.code]).toEqual([409, 'SAGA_STATE']);
    expect(await shop.post(`${path}/retry`, { note: 'They are back.' })).toMatchObject({ status: 200 });
    await until(async () => (await shop.get(path)).body.state === 'completed', 30_000);
    expect((await shop.get(path)).body).toMatchObject({ state: 'completed', error: null });
    expect(await shop.post(`${path}/retry`, undefined)).toMatchObject({ status: 409 });
    expect([...shop.app.get(FakePartners).messages.values()].filter((text) => text.includes('confirmed'))).toHaveLength(1);
    expect(await cards.charges(key)).toMatchObject([{ requests: 1, captured: true }]);
  }); // prettier-ignore

  it("is closed by hand with a note, and the order stays the customer's", async () => {
    const key = await orderWithoutMessage();
    const path = `${SAGAS}/place-card-order/${key}`;
    expect(await shop.post(`${path}/resolve`, { note: '  ' })).toMatchObject({ status: 400 });
    const resolved = await shop.post(`${path}/resolve`, { note: 'Told on the telephone.' });
    expect([resolved.status, differs(`${SAGAS}/{name}/{key}/resolve`, 'post', resolved.body)]).toEqual([200, []]);
    expect((await shop.get(`${SAGAS}?state=dead`)).body.items).toEqual([]);
    expect(await cards.statusOf(key)).toBe('CONFIRMED');
    expect((await shop.get(path)).body.decisions).toMatchObject([{ action: 'resolved', note: 'Told on the telephone.' }]);
    expect(await shop.post(`${path}/resolve`, { note: 'Again.' })).toMatchObject({ status: 409 });
    expect(await shop.post(`${SAGAS}/place-card-order/nobody/resolve`, { note: 'x' })).toMatchObject({ status: 404 });
    expect(await shop.get(`${SAGAS}/no-such-saga/nobody`)).toMatchObject({ status: 404, body: { code: 'SAGA_NOT_FOUND' } });
  }); // prettier-ignore

  it('that is to pay money back goes on paying it back once the gateway is there again', async () => {
    const key = cards.nextKey();
    await cards.order(key, [[lamp, 1]]);
    const partners = shop.app.get(FakePartners);
    partners.setOutage('payments', true);
    const refunding = shop.post(`/card-orders/${key}/refund`, undefined);
    await until(async () => (await cards.statusOf(key)) === 'REFUNDING', 30_000);
    const idle = await shop.get(`${SAGAS}?state=running&name=refund-card-order&idleForSeconds=0`);
    expect(idle.body.items.map((item: any) => item.key)).toEqual([key]);
    expect((await shop.get(`${SAGAS}?state=running&idleForSeconds=3600`)).body.items).toEqual([]);
    partners.setOutage('payments', false);
    expect((await refunding).status).toBeLessThan(300);
    await cards.settled(key, 'REFUNDED');
    expect(await cards.charges(key)).toMatchObject([{ captured: true, refunded: true }]);
  });
});

describe('a card order whose saga is closed by hand', () => {
  const resolve = (saga: string, key: string) =>
    shop.post(`${SAGAS}/${saga}/${key}/resolve`, { note: 'Set right at the gateway, by telephone.' });
  const dead = (saga: string, key: string) =>
    until(async () => (await shop.get(`${SAGAS}/${saga}/${key}`)).body?.state === 'dead', 30_000);
  /** A gateway that says no for good to what cannot be refused. */
  function refusing(what: 'capture' | 'refund') {
    const refusal = new PartnerRefusedError('payment gateway', 'closed');
    return jest.spyOn(shop.app.get(PaymentGateway), what).mockRejectedValue(refusal);
  }

  it('before it was paid for came to nothing, and its goods are back on the shelf', async () => {
    const product = await shop.stockUp({ stock: 3 });
    const key = cards.nextKey();
    const failing = new PermanentError('The shelf is in the way.');
    const spy = jest.spyOn(shop.app.get(CardBooking), 'release').mockRejectedValue(failing);
    try {
      expect(await cards.order(key, [[product, 3]], 'tok_declined')).toMatchObject({ status: 202, body: { status: 'IN_REVIEW' } });
    } finally {
      spy.mockRestore();
    }
    await dead('place-card-order', key);
    expect(await shop.stockOf(product)).toBe(0);
    expect(await resolve('place-card-order', key)).toMatchObject({ status: 200, body: { state: 'compensated' } });
    expect(await shop.get(`/card-orders/${key}`)).toMatchObject({
      body: { status: 'DECLINED', reason: expect.stringContaining('nothing was charged'), order: { status: 'CANCELLED' } },
    });
    expect(await shop.stockOf(product)).toBe(3);
    expect(await resolve('place-card-order', key)).toMatchObject({ status: 409 });
    expect(await shop.stockOf(product)).toBe(3);
  }); // prettier-ignore

  it('behind the pivot counts as collected, and can be paid back', async () => {
    const product = await shop.stockUp({ stock: 3 });
    const key = cards.nextKey();
    const spy = refusing('capture');
    try {
      expect(await cards.order(key, [[product, 1]])).toMatchObject({ status: 201, body: { status: 'CONFIRMED' } });
    } finally {
      spy.mockRestore();
    }
    await dead('place-card-order', key);
    expect(await shop.post(`/card-orders/${key}/refund`, undefined)).toMatchObject({ status: 503 });
    await shop.app.get(PaymentGateway).capture(`place-card-order:${key}:authorise:do`, new AbortController().signal);
    expect(await resolve('place-card-order', key)).toMatchObject({ status: 200 });
    expect(await cards.statusOf(key)).toBe('CONFIRMED');
    expect(await shop.post(`/card-orders/${key}/refund`, undefined)).toMatchObject({ status: 200, body: { status: 'REFUNDED' } });
  }); // prettier-ignore

  it('while it was paid back counts as paid back, and the customer has a letter', async () => {
    const key = cards.nextKey();
    await cards.order(key, [[lamp, 1]]);
    const spy = refusing('refund');
    try {
      expect(await shop.post(`/card-orders/${key}/refund`, undefined)).toMatchObject({ status: 202, body: { status: 'REFUNDING' } });
    } finally {
      spy.mockRestore();
    }
    await dead('refund-card-order', key);
    expect(await resolve('refund-card-order', key)).toMatchObject({ status: 200 });
    await until(async () => (await shop.get(`/card-orders/${key}`)).body.notices.length === 2, 30_000);
    expect(await cards.statusOf(key)).toBe('REFUNDED');
  }); // prettier-ignore
});

describe('the list of sagas', () => {
  it('comes in pages, the oldest first, and refuses what is no filter', async () => {
    for (let count = 0; count < 3; count += 1) await cards.order(cards.nextKey(), [[lamp, 1]]);
    const all = (await shop.get(`${SAGAS}?limit=100`)).body;
    const keys: string[] = [];
    let after = '';
    do {
      const { body } = await shop.get(`${SAGAS}?limit=2${after}`);
      keys.push(...body.items.map((item: any) => item.key));
      after = body.next === null ? '' : `&after=${body.next}`;
    } while (after !== '');
    expect(keys).toEqual(all.items.map((item: any) => item.key));
    expect(keys.length).toBeGreaterThan(4);
    for (const wrong of ['state=asleep', 'limit=0', 'after=x', 'idleForSeconds=-1', 'name=', 'colour=red'])
      expect([wrong, (await shop.get(`${SAGAS}?${wrong}`)).status]).toEqual([wrong, 400]);
  });
});

describe('the outbox', () => {
  it('shows what waits and what was given up; letters are sent again, or left, by hand', async () => {
    const notices = shop.app.get(OrderNoticeRepository);
    const spy = jest.spyOn(notices, 'createMany').mockRejectedValue(new PermanentError('The printer is out of ink.'));
    const [one, two] = [cards.nextKey(), cards.nextKey()];
    await cards.order(one, [[lamp, 1]]);
    await cards.order(two, [[lamp, 1]]);
    await until(async () => (await shop.get(OUTBOX)).body.dead === 2, 30_000);
    spy.mockRestore();
    const status = await shop.get(OUTBOX);
    expect(differs(OUTBOX, 'get', status.body)).toEqual([]);
    expect(status.body).toMatchObject({ dead: 2, topics: [{ topic: 'order.letters', dead: 2 }] });
    const page = await shop.get(`${OUTBOX}/dead?topic=order.letters&limit=1`);
    expect(differs(`${OUTBOX}/dead`, 'get', page.body)).toEqual([]);
    const rest = await shop.get(`${OUTBOX}/dead?limit=1&after=${page.body.next}`);
    const [first, second] = [page.body.items[0], rest.body.items[0]];
    expect([first.lastError, first.attempts, rest.body.next]).toEqual([expect.stringContaining('out of ink'), 1, null]);
    expect(await shop.post(`${OUTBOX}/dead/retry`, {})).toMatchObject({ status: 400 });
    expect(await shop.post(`${OUTBOX}/dead/retry`, { ids: [first.id] })).toMatchObject({ status: 200, body: { retried: 1 } });
    await until(async () => (await shop.get(`/card-orders/${one}`)).body.notices.length === 1, 30_000);
    expect((await shop.get(`/card-orders/${one}`)).body.notices).toHaveLength(1);
    const discard = `${OUTBOX}/dead/${second.id}/discard`;
    expect(await shop.post(discard, { note: 'The customer was here.' })).toMatchObject({ status: 204 });
    expect(await shop.post(discard, { note: 'Again.' })).toMatchObject({ status: 404 });
    expect(await shop.post(`${OUTBOX}/dead/no-id/discard`, { note: 'x' })).toMatchObject({ status: 400 });
    expect((await shop.get(OUTBOX)).body.dead).toBe(0);
    expect((await shop.get(`/card-orders/${two}`)).body.notices).toEqual([]);
  }); // prettier-ignore
});
