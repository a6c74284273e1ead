import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createDataDirectory, processesIn, ShopProcess, type ShopExit } from '../support/shop-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

const WORKSPACE = fileURLToPath(new URL('../..', import.meta.url));

let shop: ShopProcess | undefined;

afterEach(async () => {
  await shop?.destroy();
  shop = undefined;
});

/** How the shop ended, or undefined where it did not within the time. */
async function exitWithin(closing: ShopProcess, limitMs: number): Promise<ShopExit | undefined> {
  let exit: ShopExit | undefined;
  void closing.exited.then((value) => (exit = value));
  await until(() => exit !== undefined, limitMs);
  return exit;
}

describe('a connection that asks for nothing', () => {
  let database: TestDatabase;
  let sockets: Socket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  });
  afterAll(async () => {
    await database.drop();
  });

  async function openShop(): Promise<{ opened: ShopProcess; url: URL }> {
    const env = { DATABASE_URL: database.url, REDIS_URL: process.env.TEST_REDIS_URL ?? '' };
    const opened = await (shop = new ShopProcess('node', env)).open();
    return { opened, url: new URL(opened.url) };
  }

  async function openSocket(url: URL, text?: string): Promise<Socket> {
    const socket = connect(Number(url.port), url.hostname);
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    if (text !== undefined) await new Promise((resolve) => socket.write(text, resolve));
    return socket;
  }

  // Naive: `server.close()` waits for it, and the shop never ends.
  it('does not keep the shop from closing when it has sent nothing at all', async () => {
    const { opened, url } = await openShop();
    await openSocket(url);
    const begun = performance.now();
    opened.kill('SIGTERM');
    expect(await exitWithin(opened, 20_000)).toEqual({ code: 0, signal: null });
    // It is cut off at once, not after the five seconds a client has to finish its request.
    expect(performance.now() - begun).toBeLessThan(4_500);
  });

  it('is cut off after some seconds when it has sent half a header, while a request in flight is answered', async () => {
    const { opened, url } = await openShop();
    await openSocket(url, 'GET /products HTTP/1.1\r\nHost: shop\r\nX-Half: ');
    const order = await beginOrder(opened);
    opened.kill('SIGTERM');
    expect(await until(() => opened.stdout.includes('Closing the shop'), 5_000)).toBe(true);
    // Nobody has this number: an answer of the shop, not a connection that was cut.
    expect(await order.finish()).toEqual({ status: 404, connection: 'close' });
    expect(await exitWithin(opened, 20_000)).toEqual({ code: 0, signal: null });
  });

  it('is cut off after some seconds when it keeps back the body of its request', async () => {
    const { opened } = await openShop();
    const order = await beginOrder(opened);
    const cut = expect(order.answer).rejects.toThrow();
    opened.kill('SIGTERM');
    expect(await exitWithin(opened, 20_000)).toEqual({ code: 0, signal: null });
    await cut;
  });
});

describe('a first start that is interrupted while a migration runs', () => {
  // Naive: the server is stopped under the migration, which then counts as failed and blocks every later start.
  it('ends after the migration, and the next start opens the shop', async () => {
    const data = await createDataDirectory();
    try {
      const root = await copyWorkspace(join(data.path, 'workspace'), 'SELECT pg_sleep(3);');
      const env = { SHOP_DATA_DIR: join(data.path, 'data'), SHOP_SEED: 'false' };
      const first = (shop = new ShopProcess('node', env, root));
      expect(await until(() => isMigrating(env.SHOP_DATA_DIR), 60_000)).toBe(true);
      first.pressControlC();
      expect(await exitWithin(first, 30_000)).toEqual({ code: 130, signal: null });
      expect(first.stdout).not.toContain('The shop is open');
      expect([...first.descendants(), ...processesIn(data.path)]).toEqual([]);

      const second = await (shop = new ShopProcess('node', env, root)).open();
      expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
      second.kill('SIGTERM');
      await second.exited;
    } finally {
      await shop?.destroy();
      await data.remove();
    }
  });
});

/** What the built shop needs of the workspace, with one migration more. */
async function copyWorkspace(root: string, sql: string): Promise<string> {
  for (const path of ['apps/shop/dist', 'apps/shop/package.json', 'prisma/migrations']) {
    await cp(join(WORKSPACE, path), join(root, path), { recursive: true });
  }
  await symlink(join(WORKSPACE, 'node_modules'), join(root, 'node_modules'));
  const migration = join(root, 'prisma/migrations/29991231000000_slow');
  await mkdir(migration);
  await writeFile(join(migration, 'migration.sql'), `${sql}\n`);
  return root;
}

/** Asks the embedded server of the shop, which keeps port and password in its directory. */
async function isMigrating(dataDirectory: string): Promise<boolean> {
  const directory = join(dataDirectory, 'postgres');
  const state = (await readdir(directory).catch(() => [])).find((name) => /^server-\d+\.json$/.test(name));
  if (state === undefined) return false;
  const server = JSON.parse(await readFile(join(directory, state), 'utf8')) as {
    port: number;
    password: string;
  };
  const client = new pg.Client({ ...server, host: '127.0.0.1', user: 'postgres', database: 'postgres' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const sql = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3)%' AND pid <> pg_backend_pid()";
    return (await client.query(sql)).rowCount === 1;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

/** Sends an order but for its body, and resolves when the shop has the request: from then on it is in flight. */
async function beginOrder({
  url,
}: ShopProcess): Promise<{ answer: Promise<Answer>; finish(): Promise<Answer> }> {
  const body = JSON.stringify({ customerId: 404, items: [{ productId: 404, quantity: 1 }] });
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Expect: '100-continue',
  };
  const sent = request(`${url}/orders`, { method: 'POST', headers });
  const answer = new Promise<Answer>((resolve, reject) => {
    sent.once('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode, connection: response.headers.connection });
    });
    sent.once('error', reject);
  });
  sent.flushHeaders();
  await Promise.race([once(sent, 'continue'), answer]);
  return {
    answer,
    finish: () => {
      sent.end(body);
      return answer;
    },
  };
}
