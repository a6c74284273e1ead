// Transactions beside the bare client's `$transaction`: one and three statements through Prisma, none at all, and an order of
// two products through Prisma and through `Database`. All contestants take turns in short slices of one run; what is promised
// is printed beside. `npm run bench -- transaction [rounds] [--only=simple,orders] [--check]`; needs what `npm run build` makes.
import 'reflect-metadata';
import { openBenchDatabase } from './support/bench-database.mjs';
import { compete, printTimes, ratioWithin } from './support/contest.mjs';
import { readArguments, readChoice, Verdict } from './support/verdict.mjs';

const { rounds, check } = readArguments(15);
const sections = { simple, orders };
const only = readChoice(Object.keys(sections));
const NOISE = 0.05;
const CALLS = 200;
const CUSTOMERS = 100;
const PRODUCTS = 1_000;
const BARE = 'bare $transaction';

const { database, bare, close } = await openBenchDatabase();
const { prisma, db, transactions } = database;
const verdict = new Verdict(check);
let turn = 0;

try {
  await fill();
  for (const [name, run] of Object.entries(sections)) if (only.size === 0 || only.has(name)) await run();
  verdict.end();
} finally {
  await close();
}

async function fill() {
  await db.query(`INSERT INTO category (name, slug) VALUES ('Books', 'books')`);
  await db.query(
    `INSERT INTO customer (name, email) SELECT 'c' || n, 'c' || n || '@example.com' FROM generate_series(1, ${CUSTOMERS}) n`,
  );
  await db.query(
    `INSERT INTO product (sku, name, price_cents, weight_kg, category_id, updated_at)
     SELECT 's' || n, 'p' || n, 100 + n, 1, 1, now() FROM generate_series(1, ${PRODUCTS}) n`,
  );
  await db.query(
    'INSERT INTO stock_item (product_id, quantity, updated_at) SELECT id, 1000000000, now() FROM product',
  );
}

async function simple() {
  const read = (client) => client.customer.findUnique({ where: { id: 1 } });
  const shapes = {
    'no statement': { bare: () => Promise.resolve(), ours: () => Promise.resolve() },
    'one read': { bare: (client) => read(client), ours: () => read(prisma) },
    'three reads': {
      bare: async (client) => {
        for (let count = 0; count < 3; count++) await read(client);
      },
      ours: async () => {
        for (let count = 0; count < 3; count++) await read(prisma);
      },
    },
  };
  for (const [title, { bare: naive, ours }] of Object.entries(shapes)) {
    await contest(title, {
      [BARE]: () => bare.$transaction((client) => naive(client)),
      'transactions.run, Prisma': () => transactions.run(() => ours()),
    });
  }
}

async function orders() {
  await contest('an order of two products', {
    [BARE]: () => {
      const wanted = draw();
      return bare.$transaction((client) => orderThroughPrisma(client, wanted));
    },
    'transactions.run, Prisma': () => {
      const wanted = draw();
      return transactions.run(() => orderThroughPrisma(prisma, wanted));
    },
    'transactions.run, Database': () => {
      const wanted = draw();
      return transactions.run(() => orderThroughDatabase(wanted));
    },
  });
}

/** Products of its own for each order in flight: waits for locks are those of the shop, and not of the client. */
function draw() {
  turn += 1;
  const first = ((2 * turn) % (PRODUCTS - 2)) + 1;
  return { customerId: (turn % CUSTOMERS) + 1, productIds: [first, first + 1] };
}

async function orderThroughPrisma(client, { customerId, productIds }) {
  await client.customer.findUniqueOrThrow({ where: { id: customerId } });
  const products = await client.product.findMany({ where: { id: { in: productIds } } });
  const items = products.map(({ id, priceCents }, index) => ({
    lineNo: index + 1,
    productId: id,
    quantity: 1,
    unitPriceCents: priceCents,
    lineTotalCents: BigInt(priceCents),
  }));
  const totalCents = items.reduce((sum, { lineTotalCents }) => sum + lineTotalCents, 0n);
  const { id } = await client.order.create({ data: { customerId, totalCents } });
  await client.orderItem.createMany({ data: items.map((item) => ({ ...item, orderId: id })) });
  for (const productId of productIds) {
    await client.stockItem.updateMany({
      where: { productId, quantity: { gte: 1 } },
      data: { quantity: { decrement: 1 } },
    });
  }
}

/** As one writes it who may: sets in the place of loops. */
async function orderThroughDatabase({ customerId, productIds }) {
  await db.query('SELECT id, email, name, created_at FROM customer WHERE id = $1', [customerId]);
  const products = await db.query('SELECT id, price_cents FROM product WHERE id = ANY($1::int[])', [
    productIds,
  ]);
  const total = products.reduce((sum, { price_cents }) => sum + price_cents, 0);
  const [{ id }] = await db.query(
    'INSERT INTO customer_order (customer_id, total_cents) VALUES ($1, $2) RETURNING id',
    [customerId, total],
  );
  await db.query(
    `INSERT INTO order_item (order_id, line_no, product_id, quantity, unit_price_cents, line_total_cents)
     SELECT $1, n, product_id, 1, price, price FROM unnest($2::int[], $3::int[]) WITH ORDINALITY AS t(product_id, price, n)`,
    [id, products.map((product) => product.id), products.map(({ price_cents }) => price_cents)],
  );
  await db.query(
    'UPDATE stock_item SET quantity = quantity - 1, updated_at = now() WHERE product_id = ANY($1::int[]) AND quantity >= 1',
    [productIds],
  );
}

async function contest(title, contestants) {
  for (const concurrency of [1, 32]) {
    const times = await compete(contestants, { rounds, callsPerSlice: CALLS, concurrency });
    console.log(
      `\n${title}, concurrency ${concurrency}, ${rounds} rounds of ${CALLS} transactions; median, and median of the ratios`,
    );
    printTimes(times, BARE);
    for (const [name, { wall }] of Object.entries(times)) {
      if (name === BARE) continue;
      const line = `${title}, ${name.split(', ')[1]}, concurrency ${concurrency}`;
      if (name.endsWith('Database'))
        verdict.noteAtLeast(line, 1 / ratioWithin(wall, times[BARE].wall), 3, 0.3);
      else verdict.note(line, ratioWithin(wall, times[BARE].wall), 1.05, NOISE);
    }
  }
}
