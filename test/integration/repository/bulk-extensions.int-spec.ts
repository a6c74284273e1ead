import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { Prisma } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  DatabaseModule,
  RepositoryFor,
  type ClientLike,
  type DatabaseModuleOptions,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}

const rows = [{ name: 'Tea', slug: 'tea' }];
const upsert = { on: ['slug'], update: ['name'] } as const;

/** Writes the tenant into every record, as the guides of Prisma show it. */
const tenant = Prisma.defineExtension({
  query: {
    category: {
      createMany: ({ args, query }) =>
        query({ ...args, data: { ...args.data, name: "the tenant's" } as never }),
    },
  },
});

describe('Bulk writes, where the client has extensions', () => {
  let database: TestDatabase;
  let application: INestApplicationContext | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await application?.close();
    application = undefined;
    await database.query('TRUNCATE category CASCADE');
  });
  afterAll(async () => {
    await application?.close();
    await database.drop();
  });

  const categoriesWith = async (extension: object): Promise<CategoryRepository> => {
    const extend = (client: { $extends(given: object): ClientLike }) => client.$extends(extension);
    const options = { pool: { max: 2, min: 0 }, extend } as unknown as Partial<DatabaseModuleOptions>;
    application = await startApplication({
      imports: [databaseModule(database, options), DatabaseModule.forFeature([CategoryRepository])],
    });
    return application.get(CategoryRepository);
  };
  const names = async () =>
    (await database.query('SELECT name FROM category')).map(({ name }) => name as string);
  const refusal = {
    code: 'INVALID_OPTIONS',
    violations: [{ path: 'bypassExtensions', problem: expect.stringContaining('extensions') }],
  };

  it('are refused where an extension looks at writes of the model, instead of leaving the tenant out', async () => {
    const categories = await categoriesWith(tenant);
    await expect(categories.bulkInsert(rows)).rejects.toMatchObject(refusal);
    await expect(categories.bulkUpsert(rows, upsert)).rejects.toMatchObject(refusal);
    expect(await names()).toEqual([]);
    // What they would have gone past.
    await categories.createMany({ data: rows[0] as never });
    expect(await names()).toEqual(["the tenant's"]);
  });

  it('are carried out as they are where the caller says so', async () => {
    const categories = await categoriesWith(tenant);
    expect(await categories.bulkInsert(rows, { bypassExtensions: true })).toMatchObject({ inserted: 1 });
    const again = { ...upsert, bypassExtensions: true };
    expect(await categories.bulkUpsert(rows, again)).toMatchObject({ updated: 1 });
    expect(await names()).toEqual(['Tea']);
    for (const bypassExtensions of ['true', null, 1])
      await expect(
        categories.bulkInsert(rows, { bypassExtensions: bypassExtensions as never }),
      ).rejects.toMatchObject({ code: 'INVALID_OPTIONS', violations: [{ path: 'bypassExtensions' }] });
  });

  it.each<[string, object]>([
    [
      'queries of every model',
      { query: { $allModels: { $allOperations: (call: any) => call.query(call.args) } } },
    ],
    ['everything', { query: { $allOperations: (call: any) => call.query(call.args) } }],
    ['the methods of the model', { model: { category: { createMany: async () => ({ count: 0 }) } } }],
  ])('are refused where an extension replaces %s', async (_title, extension) => {
    const categories = await categoriesWith(extension);
    await expect(categories.bulkInsert(rows)).rejects.toMatchObject(refusal);
  });

  it('are refused where an extension looks at updates, for those that may update alone', async () => {
    const categories = await categoriesWith({
      query: { category: { update: (call: any) => call.query(call.args) } },
    });
    expect(await categories.bulkInsert(rows)).toMatchObject({ inserted: 1 });
    await expect(categories.bulkUpsert(rows, upsert)).rejects.toMatchObject(refusal);
  });

  it('give no column back that an extension computes', async () => {
    const categories = await categoriesWith({
      result: { category: { name: { needs: { name: true }, compute: () => 'hidden' } } },
    });
    await expect(categories.bulkInsert(rows, { returning: ['name'] })).rejects.toMatchObject(refusal);
    expect(await categories.bulkInsert(rows, { returning: ['slug'] })).toMatchObject({
      records: [{ slug: 'tea' }],
    });
  });

  it.each<[string, object]>([
    ['reads', { query: { category: { findMany: (call: any) => call.query(call.args) } } }],
    ['another model', { query: { product: { createMany: (call: any) => call.query(call.args) } } }],
    ['the client', { client: { $log: () => undefined } }],
  ])('need no such word where an extension is about %s', async (_title, extension) => {
    const categories = await categoriesWith(extension);
    expect(await categories.bulkInsert(rows)).toMatchObject({ inserted: 1 });
    expect(await categories.bulkUpsert(rows, upsert)).toMatchObject({ updated: 1 });
  });
});
