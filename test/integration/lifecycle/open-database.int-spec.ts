import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  InvalidOptionsError,
  NotConfiguredError,
  openDatabase,
  RepositoryFor,
} from '../../../libs/database/src/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const SCRIPT = fileURLToPath(new URL('./script-program.mjs', import.meta.url));

class CategoryRepository extends RepositoryFor('category') {}

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

const options = () => ({ client: PrismaClient, url: database.url, redis: false, env: false }) as const;

describe('openDatabase', () => {
  it('refuses sagas, which it could not find, before anything is opened', async () => {
    const withSagas = { ...options(), url: 'postgresql://nobody@127.0.0.1:1/none', saga: {} };
    await expect(openDatabase(withSagas)).rejects.toThrow(InvalidOptionsError);
  });

  it('gives client, repositories and transactions that belong together', async () => {
    await using opened = await openDatabase(options());
    const categories = opened.repository(CategoryRepository);
    expect(opened.repository(CategoryRepository)).toBe(categories);
    await expect(
      opened.transactions.run(async () => {
        await categories.create({ data: { name: 'Books', slug: 'books' } });
        expect(await opened.prisma.category.count()).toBe(1);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await categories.count()).toBe(0);
    expect(opened.state.status).toBe('ready');
    expect((await opened.checkHealth()).healthy).toBe(true);
    expect(() => opened.redis).toThrow(NotConfiguredError);
  });

  it('closes everything, once, and refuses what comes later', async () => {
    const opened = await openDatabase(options());
    await Promise.all([opened.close(), opened.close()]);
    expect(await database.countConnections()).toBe(0);
    expect(opened.state.status).toBe('closed');
    await expect(opened.repository(CategoryRepository).count()).rejects.toMatchObject({
      code: 'SHUTTING_DOWN',
    });
  });

  it('leaves nothing open when it fails', async () => {
    const failing = openDatabase({
      ...options(),
      url: 'postgresql://u:p@127.0.0.1:1/d',
      startup: { attempts: 1 },
    });
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('lets the process of a script end by itself after `await using`', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, database.url], {
      timeout: 30_000,
    });
    expect(stdout).toContain('categories=0');
  });
});
