import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { DatabaseModule, InvalidOptionsError, RepositoryFor } from '../../../libs/database/src/index.js';
import { startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}

let database: TestDatabase;
const open: INestApplicationContext[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const application of open.splice(0)) await application.close();
});
afterAll(async () => {
  await database.drop();
});

/** What the start warns of, in production. */
async function warningsOf(features: readonly DynamicModule[], env: NodeJS.ProcessEnv = {}) {
  const warn = jest.spyOn(Logger, 'warn').mockImplementation(() => undefined);
  const options = {
    client: PrismaClient,
    url: database.url,
    redis: false,
    isGlobal: true,
    env: { NODE_ENV: 'production', ...env },
  } as const;
  const application = await startApplication({ imports: [DatabaseModule.forRoot(options), ...features] });
  open.push(application);
  return {
    application,
    warnings: warn.mock.calls.map(([line]) => String(line)).filter((line) => /cursor/i.test(line)),
  };
}

describe('The secret of cursors in production', () => {
  it('is missed at the start where there are repositories, once, and at the first page', async () => {
    const feature = () => DatabaseModule.forFeature([CategoryRepository]);
    const { application, warnings } = await warningsOf([feature(), feature()]);
    expect(warnings).toEqual([expect.stringMatching(/DATABASE_CURSOR_SECRET.*`pagination\.secret`/)]);
    const page = application.get(CategoryRepository).paginate({ first: 1 });
    await expect(page).rejects.toBeInstanceOf(InvalidOptionsError);
    expect(await application.get(CategoryRepository).count()).toBe(0);
  });

  it('is not missed where nothing can page', async () => {
    expect((await warningsOf([])).warnings).toEqual([]);
  });

  it('is not missed where the environment has it', async () => {
    const { application, warnings } = await warningsOf([DatabaseModule.forFeature([CategoryRepository])], {
      DATABASE_CURSOR_SECRET: 'x'.repeat(32),
    });
    expect(warnings).toEqual([]);
    expect((await application.get(CategoryRepository).paginate({ first: 1 })).items).toEqual([]);
  });

  it('fails the start where pages are configured', () => {
    const options = {
      client: PrismaClient,
      url: database.url,
      redis: false,
      env: { NODE_ENV: 'production' },
    } as const;
    expect(() => DatabaseModule.forRoot({ ...options, pagination: { maxPageSize: 50 } })).toThrow(
      /`pagination\.secret` is missing.*DATABASE_CURSOR_SECRET/,
    );
  });
});
