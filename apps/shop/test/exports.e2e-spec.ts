import { connect, type Socket } from 'node:net';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../../test/support/until.js';
import { CsvStream } from '../src/exports/csv-stream.js';
import { OpenShop } from './support/open-shop.js';

jest.setTimeout(60_000);

const DAYS = 'from=2025-12-01&to=2025-12-31';
/** With names of this length far more than the buffers between the shop and a client hold: about 11 MB. */
const LINES = 40_000;
const NAME = 'Ada '.repeat(49).trim();

let shop: OpenShop;
let sockets: Socket[] = [];
beforeAll(async () => {
  shop = await OpenShop.open();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await shop.close();
});

/** Transactions and cursors the shop has open. */
async function busySessions(): Promise<number> {
  const [row] = await shop.database.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`,
  );
  return row?.n ?? -1;
}

/** A client that reads the beginning of an answer and then no more. */
async function readBeginning(path: string): Promise<{ socket: Socket; beginning: string }> {
  const { hostname, port } = new URL(shop.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`);
  const beginning = await new Promise<string>((resolve, reject) => {
    socket.once('data', (data: Buffer) => {
      socket.pause();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
  return { socket, beginning };
}

/** How many batches of a cursor were read while `work` ran. */
async function fetchesOf(work: () => Promise<unknown>): Promise<number> {
  let fetches = 0;
  const listen = (event: unknown) => {
    if ((event as { readonly sql: string }).sql.startsWith('FETCH')) fetches += 1;
  };
  subscribe('nestjs-database:postgres:query', listen);
  try {
    await work();
  } finally {
    unsubscribe('nestjs-database:postgres:query', listen);
  }
  return fetches;
}

describe('the export of products', () => {
  it('is a file in UTF-8 with the names of the columns, by SKU, and no formula in it can run', async () => {
    await shop.stockUp({ priceCents: 4_990, stock: 3 });
    const evil = { sku: 'EVIL-1', name: '=HYPERLINK("http://evil.example","Ä, sale")', priceCents: 5, weightKg: '1.5', categoryId: 2 };
    expect(await shop.post('/products', evil)).toMatchObject({ status: 201 });
    const { status, headers, text } = await shop.get('/exports/products.csv');
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toBe('text/csv; charset=utf-8; header=present');
    expect(headers.get('Content-Disposition')).toBe('attachment; filename="products.csv"');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(text.split('\r\n')).toEqual([
      'sku,name,category,priceCents,currency,weightKg,quantity',
      `EVIL-1,"'=HYPERLINK(""http://evil.example"",""Ä, sale"")",Seating,5,EUR,1.5,0`,
      'TEST-1,Lamp 1,Lighting,4990,EUR,1.25,3',
      '',
    ]);
  }); // prettier-ignore
});

describe('the export of orders', () => {
  it('has every line of the orders of these days, whole days of UTC', async () => {
    const [customer, product] = [await shop.addCustomer('Ada, Fischer'), await shop.stockUp()];
    const placedAt = ['2025-11-30T23:59:59.999Z', '2025-12-01T00:00:00Z', '2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00Z'];
    for (const at of placedAt) {
      await shop.database.query(
        `WITH o AS (INSERT INTO customer_order (customer_id, total_cents, placed_at) VALUES ($1, 3998, $3) RETURNING id)
         INSERT INTO order_item SELECT id, 1, $2, 2, 1999, 3998 FROM o`,
        [customer, product, at],
      );
    }
    const { text } = await shop.get(`/exports/orders.csv?${DAYS}`);
    const lines = text.trimEnd().split('\r\n');
    expect(lines[0]).toBe('orderId,placedAt,status,customerId,customer,lineNo,sku,quantity,unitPriceCents,lineTotalCents,currency');
    expect(lines.slice(1).map((line) => line.replace(/^\d+,/, ''))).toEqual([
      `2025-12-01T00:00:00.000Z,PLACED,${customer},"Ada, Fischer",1,TEST-2,2,1999,3998,EUR`,
      `2025-12-31T23:59:59.999Z,PLACED,${customer},"Ada, Fischer",1,TEST-2,2,1999,3998,EUR`,
    ]);
  }); // prettier-ignore

  it('refuses days that are none with a 400 that names them, and no file', async () => {
    const { status, body } = await shop.get('/exports/orders.csv?from=2025-12-02&to=2025-12-01');
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path: 'to', problems: [expect.any(String)] }]);
  });

  it('is a 503 and no empty file while the database is away', async () => {
    await shop.connection.cut();
    try {
      const { status, headers } = await shop.get(`/exports/orders.csv?${DAYS}`);
      expect(status).toBe(503);
      expect(headers.get('Content-Type')).toMatch(/^application\/json/);
    } finally {
      await shop.connection.open();
    }
    expect(await until(async () => (await shop.get('/readyz')).status === 200, 5_000)).toBe(true);
  });
});

describe('a large export', () => {
  beforeAll(async () => {
    const [customer, product] = [await shop.addCustomer(NAME), await shop.stockUp()];
    await shop.database.query(
      `WITH o AS (
         INSERT INTO customer_order (customer_id, total_cents, placed_at)
         SELECT ${customer}, 10, '2025-12-10T00:00:00Z'::timestamptz + n * interval '1 second' FROM generate_series(1, ${LINES / 100}) n
         RETURNING id)
       INSERT INTO order_item SELECT id, line, ${product}, 1, 10, 10 FROM o, generate_series(1, 100) line`,
    );
  }); // prettier-ignore

  it('reads no further than its client does, and leaves neither cursor nor connection behind when that one goes', async () => {
    let client: { socket: Socket; beginning: string } | undefined;
    const fetches = await fetchesOf(async () => {
      client = await readBeginning(`/exports/orders.csv?${DAYS}`);
      // The buffers between both fill up, and then nothing moves any more.
      let before = -1;
      expect(await until(async () => {
        const [row] = await shop.database.query<{ at: string }>("SELECT extract(epoch FROM max(state_change))::text AS at FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'");
        const same = row?.at !== null && Number(row?.at) === before && Date.now() / 1_000 - before > 0.5;
        before = Number(row?.at);
        return same;
      }, 20_000)).toBe(true);
    });
    expect(client?.beginning).toMatch(/^HTTP\/1\.1 200 OK[^]*orderId,placedAt/);
    expect(fetches).toBeGreaterThan(0);
    expect(fetches).toBeLessThan(LINES / 1_000 / 2);
    expect(await busySessions()).toBe(1);
    client?.socket.destroy();
    expect(await until(async () => (await busySessions()) === 0, 5_000)).toBe(true);
    expect(shop.log.join('\n')).not.toMatch(/premature|ERR_STREAM/i);
  }); // prettier-ignore

  it('is complete for a client that reads it all', async () => {
    const { text } = await shop.get(`/exports/orders.csv?${DAYS}`);
    expect(text.trimEnd().split('\r\n').length).toBeGreaterThan(LINES);
    expect(await busySessions()).toBe(0);
  });

  it('is cut off, and never looks complete, when the database breaks in the middle of it', async () => {
    const response = await fetch(`${shop.url}/exports/orders.csv?${DAYS}`);
    expect(response.status).toBe(200);
    await shop.connection.cut();
    await expect(response.text()).rejects.toThrow('terminated');
    await shop.connection.open();
    expect(await until(async () => (await shop.get('/readyz')).status === 200, 5_000)).toBe(true);
  });

  it('is refused with 503 and Retry-After while four run, so that customers keep their connections', async () => {
    const clients = [];
    for (let index = 0; index < 4; index++) clients.push(await readBeginning(`/exports/orders.csv?${DAYS}`));
    const fifth = await shop.get('/exports/products.csv');
    expect(fifth).toMatchObject({ status: 503, body: { error: 'Service Unavailable' } });
    expect(fifth.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await shop.get('/products?first=1')).toMatchObject({ status: 200 });
    for (const { socket } of clients) socket.destroy();
    expect(await until(async () => (await busySessions()) === 0, 5_000)).toBe(true);
    expect(await shop.get('/exports/products.csv')).toMatchObject({ status: 200 });
  });
});

describe('a reader that stops', () => {
  it('is given up after a while, and the rows with it', async () => {
    let ended = false;
    async function* rows() {
      try {
        for (;;) yield await Promise.resolve(['x'.repeat(1_000)]);
      } finally {
        ended = true;
      }
    }
    const stream = await CsvStream.open(['text'], rows(), 20);
    const error = await new Promise((resolve) => stream.once('error', resolve));
    expect(error).toMatchObject({ name: 'StalledExportError', message: expect.stringContaining('20 ms') });
    expect(ended).toBe(true);
  });
});
