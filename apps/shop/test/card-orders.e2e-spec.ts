import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { PermanentError } from 'nestjs-database';
import { describeWithRedis, redisUrl } from '../../../test/support/test-redis.js';
import { until } from '../../../test/support/until.js';
import { FakePartners } from '../src/partners/fake/fake-partners.js';
import { PaymentGateway } from '../src/partners/payment-gateway.js';
import { CardBooking } from '../src/card-orders/card-booking.service.js';
import { CardPaymentRepository } from '../src/card-orders/card-payment.repository.js';
import { OrderNoticeRepository } from '../src/card-orders/order-notices.js';
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
    await until(async () => (await shop.get(`/card-orders/${key}`)).body.notices.length > 0, 30_000);
    const { notices } = (await shop.get(`/card-orders/${key}`)).body;
    expect(notices).toMatchObject([{ text: `Thank you for order ${body.order.id}. It is paid for.` }]);
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

describe('the key of a card order', () => {
  it('stands for one order: who repeats it at once or later gets the first one, and is charged once', async () => {
    const lamp = await shop.stockUp({ stock: 5, priceCents: 700 });
    const key = cards.nextKey();
    const [first, second] = await Promise.all([cards.order(key, [[lamp, 1]]), cards.order(key, [[lamp, 1]])]);
    const third = await cards.order(key, [[lamp, 1]]);
    expect([first, second, third].map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set([first, second, third].map(({ body }) => body.order.id)).size).toBe(1);
    expect(await cards.charges(key)).toEqual([{ ...CAPTURED, amount: 700 }]);
    expect(await shop.stockOf(lamp)).toBe(4);
  });

  it('is refused for another order, whatever is different about it, and nothing comes of that one', async () => {
    const lamp = await shop.stockUp({ stock: 5 });
    const key = cards.nextKey();
    await cards.order(key, [[lamp, 1]]);
    const others = [
      await cards.order(key, [[lamp, 2]]),
      await cards.order(key, [[lamp, 1]], 'tok_busy'),
      await cards.order(key, [[lamp, 1]], 'tok_busy', { Prefer: 'respond-async' }),
    ];
    for (const { status, body } of others) {
      expect(status).toBe(409);
      expect(body.message).toContain('was used for another order; nothing was ordered');
    }
    expect(await cards.charges(key)).toHaveLength(1);
    expect(await shop.stockOf(lamp)).toBe(4);
  });

  it('has to be there, and in a form that fits into an address', async () => {
    const lamp = await shop.stockUp();
    for (const key of ['', 'with space', 'a/b', 'x'.repeat(101)]) {
      const { status, body } = await cards.order(key, [[lamp, 1]]);
      expect([key, status, body.errors?.[0]?.path]).toEqual([key, 400, 'Idempotency-Key']);
    }
    expect(await shop.get('/card-orders/nobody')).toMatchObject({ status: 404 });
  });
});

describe('a card order that cannot be', () => {
  it('for the last piece is refused to all but one of those who ask together, and only that one is charged', async () => {
    const lamp = await shop.stockUp({ stock: 1 });
    const keys = Array.from({ length: 6 }, () => cards.nextKey());
    const answers = await Promise.all(keys.map((key) => cards.order(key, [[lamp, 1]])));
    expect(shop.surprises(answers, 201, 409)).toEqual([]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const [refused] = answers.filter(({ status }) => status === 409);
    expect(refused?.body.details).toEqual({ productId: lamp, requested: 1, available: 0 });
    const charges = await Promise.all(keys.map((key) => cards.charges(key)));
    expect(charges.flat()).toHaveLength(1);
    expect(await shop.stockOf(lamp)).toBe(0);
    const key = keys[answers.indexOf(refused!)] ?? '';
    expect((await shop.get(`/card-orders/${key}`)).body).toMatchObject({ status: 'REFUSED', order: null, reason: refused?.body.message });
    expect(await cards.order(key, [[lamp, 1]])).toMatchObject({ status: 409, body: { message: refused?.body.message } });
  }); // prettier-ignore

  it('is refused for what does not exist, and for a body that is none', async () => {
    expect(await cards.order(cards.nextKey(), [[999_999, 1]])).toMatchObject({ status: 404 });
    const lamp = await shop.stockUp();
    const { status, body, text } = await cards.order(cards.nextKey(), [[lamp, 1]], 'no token');
    expect([status, body.errors[0].path]).toEqual([400, 'cardToken']);
    expect(text).not.toContain('no token');
  });
});

describe('a payment gateway that is away', () => {
  it('for a moment is asked again, and the card is charged once', async () => {
    const lamp = await shop.stockUp({ priceCents: 500 });
    const key = cards.nextKey();
    expect(await cards.order(key, [[lamp, 1]], 'tok_busy')).toMatchObject({ status: 201 });
    expect(await cards.charges(key)).toEqual([{ ...CAPTURED, requests: 3, amount: 500 }]);
  });

  it('for longer ends the order, and is told to forget the charge for as long as it takes', async () => {
    const lamp = await shop.stockUp({ stock: 1 });
    const key = cards.nextKey();
    const partners = shop.app.get(FakePartners);
    partners.setOutage('payments', true);
    const { status, body } = await cards.order(key, [[lamp, 1]], 'tok_visa', { Prefer: 'respond-async' });
    expect([status, body.status]).toEqual([202, 'PROCESSING']);
    await until(async () => (await cards.statusOf(key)) === 'CANCELLING', 30_000);
    expect(await shop.stockOf(lamp)).toBe(0);
    partners.setOutage('payments', false);
    expect(await cards.settled(key, 'FAILED')).toMatchObject({ body: { status: 'FAILED', order: { status: 'CANCELLED' } } });
    expect(await cards.charges(key)).toEqual([{ ...RELEASED, requests: 0, amount: null }]);
    expect(await shop.stockOf(lamp)).toBe(1);
  }); // prettier-ignore
});

describe('a change of mind', () => {
  it('before the order is paid for takes everything back, also what the bank has set aside', async () => {
    const lamp = await shop.stockUp({ stock: 2, priceCents: 300 });
    const key = cards.nextKey();
    const gateway = shop.app.get(PaymentGateway);
    const authorise = gateway.authorise.bind(gateway);
    let open: (() => void) | undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const spy = jest.spyOn(gateway, 'authorise').mockImplementation(async (charge, signal) => {
      await authorise(charge, signal);
      await opened;
    });
    try {
      await cards.order(key, [[lamp, 2]], 'tok_visa', { Prefer: 'respond-async' });
      await until(async () => (await cards.charges(key)).length === 1, 30_000);
      const cancelling = shop.post(`/card-orders/${key}/cancel`, undefined);
      await until(async () => (await cards.statusOf(key)) === 'CANCELLING', 30_000);
      open?.();
      expect(await cancelling).toMatchObject({ status: 200, body: { status: 'CANCELLED', order: { status: 'CANCELLED' } } });
    } finally {
      spy.mockRestore();
    }
    expect(await cards.charges(key)).toEqual([{ ...RELEASED, requests: 1, amount: 600 }]);
    expect(await shop.stockOf(lamp)).toBe(2);
    expect(await shop.post(`/card-orders/${key}/cancel`, undefined)).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
    expect(await cards.order(key, [[lamp, 2]])).toMatchObject({ status: 409 });
    expect(await shop.post(`/card-orders/${key}/refund`, undefined)).toMatchObject({ status: 409 });
  }); // prettier-ignore

  it('after that is too late for a cancellation, and a refund gives back the money and the goods, once', async () => {
    const lamp = await shop.stockUp({ stock: 2, priceCents: 300 });
    const key = cards.nextKey();
    await cards.order(key, [[lamp, 2]]);
    const late = await shop.post(`/card-orders/${key}/cancel`, undefined);
    expect([late.status, late.body.message]).toEqual([
      409,
      expect.stringContaining(`/card-orders/${key}/refund`),
    ]);
    const refunds = await Promise.all([1, 2].map(() => shop.post(`/card-orders/${key}/refund`, undefined)));
    refunds.push(await shop.post(`/card-orders/${key}/refund`, undefined));
    for (const refund of refunds)
      expect(refund).toMatchObject({
        status: 200,
        body: { status: 'REFUNDED', order: { status: 'CANCELLED' } },
      });
    expect(await cards.charges(key)).toEqual([{ ...CAPTURED, refunded: true, amount: 600 }]);
    expect(await shop.stockOf(lamp)).toBe(2);
    await until(async () => (await shop.get(`/card-orders/${key}`)).body.notices.length === 2, 30_000);
    const { body } = await shop.get(`/card-orders/${key}`);
    expect(body.notices.map(({ text }: any) => text)).toEqual([
      expect.stringContaining('It is paid for'),
      expect.stringContaining('is on its way back'),
    ]);
  });

  it('that somebody else has just asked for is granted again, however the rows are read meanwhile', async () => {
    const lamp = await shop.stockUp({ stock: 2 });
    const key = cards.nextKey();
    await cards.order(key, [[lamp, 2]]);
    const payments = shop.app.get(CardPaymentRepository);
    const findByKey = payments.findByKey.bind(payments);
    const refund = () => shop.post(`/card-orders/${key}/refund`, undefined);
    // The payment and its order are read by one statement each, and here the other refund comes in between.
    const spy = jest.spyOn(payments, 'findByKey').mockImplementationOnce(async () => {
      const payment = await payments.getOne({ where: { key } });
      expect(await refund()).toMatchObject({ status: 200 });
      return { ...payment, order: (await findByKey(key))!.order };
    });
    try {
      expect(await refund()).toMatchObject({ status: 200, body: { status: 'REFUNDED' } });
    } finally {
      spy.mockRestore();
    }
    expect(await cards.charges(key)).toMatchObject([{ refunded: true, requests: 1 }]);
    expect(await shop.stockOf(lamp)).toBe(2);
  });

  it('that the shop fails to decide on is no refund, and says so', async () => {
    const key = cards.nextKey();
    await cards.order(key, [[await shop.stockUp(), 1]]);
    const defect = new PermanentError('A defect of the shop.');
    const spy = jest.spyOn(shop.app.get(CardBooking), 'beginRefund').mockRejectedValue(defect);
    try {
      const { status, text } = await shop.post(`/card-orders/${key}/refund`, undefined);
      expect([status, text]).toEqual([500, expect.not.stringContaining('defect')]);
    } finally {
      spy.mockRestore();
    }
    expect(await cards.statusOf(key)).toBe('CONFIRMED');
  });

  it('is written of after the order itself, also when that letter has to be tried again', async () => {
    const notices = shop.app.get(OrderNoticeRepository);
    const createMany = notices.createMany.bind(notices);
    let open: (() => void) | undefined;
    const refunded = new Promise<void>((resolve) => (open = resolve));
    const key = cards.nextKey();
    const spy = jest.spyOn(notices, 'createMany').mockImplementationOnce(async () => {
      await refunded;
      throw new Error('The printer jams.');
    });
    try {
      spy.mockImplementation(createMany);
      await cards.order(key, [[await shop.stockUp(), 1]]);
      await shop.post(`/card-orders/${key}/refund`, undefined);
      open?.();
      await until(async () => (await shop.get(`/card-orders/${key}`)).body.notices.length === 2, 30_000);
    } finally {
      spy.mockRestore();
    }
    const { body } = await shop.get(`/card-orders/${key}`);
    expect(body.notices.map(({ text }: any) => text)).toEqual([
      expect.stringContaining('It is paid for'),
      expect.stringContaining('is on its way back'),
    ]);
  });

  it('about goods that were paid for by card is no affair of a till', async () => {
    const lamp = await shop.stockUp();
    const { body } = await cards.order(cards.nextKey(), [[lamp, 1]]);
    const registerId = await shop.openRegister('2026-03-02');
    const returned = await shop.post(`/orders/${body.order.id}/returns`, { registerId, lines: [{ lineNo: 1, quantity: 1 }] });
    expect([returned.status, returned.body.message]).toEqual([409, expect.stringContaining('by card')]);
  }); // prettier-ignore
});

it('no token of a card gets into a log or an answer', async () => {
  const lamp = await shop.stockUp();
  const key = cards.nextKey();
  const { text } = await cards.order(key, [[lamp, 1]]);
  const sagas = await shop.get(`/back-office/sagas/place-card-order/${key}`);
  expect(sagas.body.input).toMatchObject({ customerId: cards.customerId, cardToken: '***' });
  expect([text, sagas.text, ...shop.log].filter((line) => line.includes('tok_'))).toEqual([]);
});

describeWithRedis('the feed of orders', () => {
  it('is a stream in Redis, with what became of an order in the order in which it did', async () => {
    const other = await OpenShop.open({ redisUrl: redisUrl(), partners: { latencyMs: 1 } });
    const redis = new Redis(redisUrl());
    try {
      await redis.del('shop:orders');
      const orders = new CardOrders(other, await other.addCustomer());
      await orders.order('fed', [[await other.stockUp(), 1]]);
      await other.post('/card-orders/fed/refund', undefined);
      await until(async () => (await redis.xlen('shop:orders')) === 2, 30_000);
      const entries = await redis.xrange('shop:orders', '-', '+');
      const payloads = entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('payload') + 1] ?? ''));
      expect(payloads).toMatchObject([
        { event: 'order.confirmed', orderId: '1' },
        { event: 'order.refunded', orderId: '1' },
      ]);
    } finally {
      redis.disconnect();
      await other.close();
    }
  });
});
