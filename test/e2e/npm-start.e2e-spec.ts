import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { createDataDirectory, processesIn, ShopProcess } from '../support/shop-process.js';
import { until } from '../support/until.js';

const run = promisify(execFile);

// A start builds, runs initdb and fills the database, on a machine that does other things as well.
jest.setTimeout(120_000);

let data: Awaited<ReturnType<typeof createDataDirectory>>;
let shops: ShopProcess[] = [];

beforeEach(async () => {
  data = await createDataDirectory();
});
afterEach(async () => {
  await Promise.all(shops.map((shop) => shop.destroy()));
  shops = [];
  expect(await until(() => processesIn(data.path).length === 0, 5_000)).toBe(true);
  await data.remove();
});

function start(how: 'npm' | 'node', env: NodeJS.ProcessEnv = {}): ShopProcess {
  const shop = new ShopProcess(how, { SHOP_DATA_DIR: data.path, ...env });
  shops.push(shop);
  return shop;
}

async function expectNothingLeft(shop: ShopProcess): Promise<void> {
  const ports = [...shop.stdout.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  expect(ports.length).toBeGreaterThanOrEqual(2);
  const left = () => [...shop.descendants(), ...processesIn(data.path)];
  await until(() => left().length === 0, 5_000);
  expect(left()).toEqual([]);
  for (const port of new Set(ports)) expect(await accepts(port)).toBe(false);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

describe('npm start', () => {
  it('opens the shop on servers of its own, prints curl lines that work, and leaves nothing after SIGTERM', async () => {
    const shop = await start('npm').open();
    expect(shop.stdout).toMatch(/PostgreSQL\s+127\.0\.0\.1:\d+\/shop \(started by the shop\)/);
    expect(shop.stdout).toContain(data.path);
    expect(shop.stdout).not.toMatch(/:[^/\s]*@/);

    const lines = shop.stdout.split('\n').filter((line) => line.trim().startsWith('curl '));
    expect(lines).toHaveLength(9);
    for (const line of lines) {
      const { stdout } = await run('sh', [
        '-c',
        `${line.replace('curl ', 'curl --fail --silent --show-error ')}`,
      ]);
      expect(() => void JSON.parse(stdout)).not.toThrow();
    }
    expect(shop.stderr).not.toMatch(/error|deprecat/i);

    shop.kill('SIGTERM');
    await shop.exited;
    await expectNothingLeft(shop);
  });

  it('answers requests in flight and stops its servers in order after Ctrl-C', async () => {
    const shop = await start('npm').open();
    const orders = await Promise.all(Array.from({ length: 20 }, () => beginOrder(shop)));
    shop.pressControlC();
    const answers = await Promise.allSettled(orders.map((order) => order.finish()));
    expect(new Set(answers.map(describeAnswer))).toEqual(new Set([201]));
    await shop.exited;
    expect(shop.stdout).toContain('Closing the shop');
    expect(shop.stderr).toBe(shop.stderr.replace(/error/i, ''));
    await expectNothingLeft(shop);
  });

  it('finds its data again at the second start', async () => {
    const first = await start('node').open();
    const placed = await placeOrder(first);
    first.kill('SIGTERM');
    await first.exited;
    const second = await start('node').open();
    const found = await fetch(`${second.url}/orders/${placed.id}`);
    expect(await found.json()).toMatchObject({ id: placed.id });
    expect(second.stdout).not.toContain('Sample data was put');
    second.kill('SIGINT');
    await second.exited;
    await expectNothingLeft(second);
  });

  it('leaves no server behind when it is killed with SIGKILL', async () => {
    const shop = await start('node').open();
    shop.kill('SIGKILL');
    await shop.exited;
    await expectNothingLeft(shop);
  });
});

describe('two instances of the shop', () => {
  it('share a server, and the survivor serves again within 3 s after its owner was killed, with every order kept', async () => {
    const owner = await start('node').open();
    const survivor = await start('node').open();
    expect(survivor.stdout).toContain('already started by another instance');

    const acknowledged: string[] = [];
    for (let order = 0; order < 20; order++)
      acknowledged.push((await placeOrder(order % 2 ? owner : survivor)).id);
    owner.kill('SIGKILL');
    const killed = performance.now();
    const answered = await until(
      async () => (await fetch(`${survivor.url}/orders/${acknowledged[0]}`)).status === 200,
      10_000,
    );
    // The first answers may still come from connections that are about to break: the server has to be a new one.
    const recovered = await until(
      () =>
        placeOrder(survivor).then(
          () => true,
          () => false,
        ),
      10_000,
    );
    const elapsedMs = performance.now() - killed;
    expect({ answered, recovered }).toEqual({ answered: true, recovered: true });
    expect(elapsedMs).toBeLessThan(3_000);

    for (const id of acknowledged) expect((await fetch(`${survivor.url}/orders/${id}`)).status).toBe(200);
    survivor.kill('SIGTERM');
    await survivor.exited;
    await expectNothingLeft(survivor);
  });
});

const ORDER = JSON.stringify({ customerId: 1, items: [{ productId: 1, quantity: 1 }] });

/** Sends an order but for its body, and resolves when the shop has the request: from then on it is in flight. */
async function beginOrder(shop: ShopProcess): Promise<{ finish(): Promise<number> }> {
  const sent = request(`${shop.url}/orders`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(ORDER),
      Expect: '100-continue',
    },
  });
  const status = new Promise<number>((resolve, reject) => {
    sent.once('response', (response) => {
      resolve(response.resume().statusCode ?? 0);
    });
    sent.once('error', reject);
  });
  await Promise.race([once(sent, 'continue'), status]);
  return {
    finish: () => {
      sent.end(ORDER);
      return status;
    },
  };
}

function describeAnswer(answer: PromiseSettledResult<number>): number | string {
  return answer.status === 'fulfilled' ? answer.value : `cut off: ${String(answer.reason)}`;
}

async function placeOrder(shop: ShopProcess): Promise<{ id: string }> {
  const response = await fetch(`${shop.url}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: ORDER,
  });
  if (response.status !== 201)
    throw new Error(`The order was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as { id: string };
}
