import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createDataDirectory, processesIn, ShopProcess } from '../support/shop-process.js';
import { createTestDatabase, withDatabase, adminUrl } from '../support/test-database.js';

jest.setTimeout(60_000);

let data: Awaited<ReturnType<typeof createDataDirectory>>;

beforeEach(async () => {
  data = await createDataDirectory();
});
afterEach(async () => {
  expect(processesIn(data.path)).toEqual([]);
  await data.remove();
});

/** Starts the shop, which is expected to end by itself, and gives back what it wrote to stderr. */
async function failToStart(env: NodeJS.ProcessEnv): Promise<string> {
  const shop = new ShopProcess('node', { SHOP_DATA_DIR: data.path, ...env });
  try {
    const { code } = await shop.exited;
    expect(code).toBe(1);
    expect(shop.descendants()).toEqual([]);
    expect(shop.stdout).not.toContain('The shop is open');
    return shop.stderr.trim();
  } finally {
    await shop.destroy();
  }
}

const sentence = (text: string) => {
  expect(text.split('\n')).toHaveLength(1);
  expect(text).not.toMatch(/\bat .*:\d+:\d+|hunter2/);
  return text;
};

describe('a start that cannot succeed ends with one sentence and exit code 1', () => {
  it('when the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(sentence(await failToStart({ PORT: String(port) }))).toContain(`Port ${port} is in use`);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('when PORT is no port', async () => {
    expect(sentence(await failToStart({ PORT: 'http' }))).toContain(
      '`PORT` is "http", expected a whole number',
    );
  });

  it('when the data directory is a file', async () => {
    const path = join(data.path, 'file');
    await writeFile(path, '');
    await chmod(path, 0o644);
    expect(sentence(await failToStart({ SHOP_DATA_DIR: path }))).toContain(path);
  });

  it('when the data directory cannot be written', async () => {
    // Nothing keeps root from writing to an ordinary directory.
    const path = process.getuid?.() === 0 ? '/proc/shop-data' : '/shop-data';
    expect(sentence(await failToStart({ SHOP_DATA_DIR: path }))).toContain(path);
  });

  it.each([
    ['is no URL', 'nonsense'],
    ['names another database', 'mysql://u:hunter2@127.0.0.1/shop'],
    ['has an unknown parameter', 'postgresql://u:hunter2@127.0.0.1/shop?colour=red'],
  ])('when DATABASE_URL %s', async (_case, url) => {
    expect(sentence(await failToStart({ DATABASE_URL: url }))).toContain('`DATABASE_URL`');
  });

  it('when nobody listens at DATABASE_URL', async () => {
    const text = sentence(await failToStart({ DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:1/shop' }));
    expect(text).toContain('PostgreSQL is not reachable at 127.0.0.1:1 (ECONNREFUSED)');
  });

  it('when the database does not exist', async () => {
    const text = sentence(await failToStart({ DATABASE_URL: withDatabase(adminUrl(), 'no_such_database') }));
    expect(text).toContain('database "no_such_database" does not exist');
  });

  it('when nobody listens at REDIS_URL', async () => {
    const text = sentence(await failToStart({ REDIS_URL: 'redis://:hunter2@127.0.0.1:1' }));
    expect(text).toContain('Redis is not reachable at 127.0.0.1:1');
  });

  it('when the history of the database does not fit the migrations', async () => {
    const database = await createTestDatabase();
    try {
      await database.query(
        "UPDATE _prisma_migrations SET finished_at = NULL, logs = 'boom' WHERE migration_name LIKE '%_shop'",
      );
      const text = await failToStart({ DATABASE_URL: database.url });
      expect(text).toContain('20261121090000_shop');
    } finally {
      await database.drop();
    }
  });
});
