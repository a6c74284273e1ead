import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Param, Post, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  batchExecute,
  Database,
  DatabaseExceptionFilter,
  DatabaseModule,
  defineData,
  defineQuery,
  guardData,
  parseQuery,
  RepositoryFor,
  type AnyTables,
  type QueryBuilder,
} from '../../../libs/database/src/index.js';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}

interface Parts {
  readonly categories: CategoryRepository;
  readonly db: Database;
  readonly from: (table: unknown) => ReturnType<QueryBuilder<AnyTables>['from']>;
}
type Call = (parts: Parts) => unknown;

const QUERY = defineQuery(PrismaClient, 'category', { filter: { name: ['eq'], id: ['gte'] } });
const DATA = defineData(PrismaClient, 'category', { allow: ['name'], required: ['name'] });
const ROWS = [{ name: 'a', slug: 'a' }];

/** What no value of a request can cause: the code is wrong. */
const MISTAKES: Readonly<Record<string, Call>> = {
  'a bulkUpsert on no unique key': ({ categories }) =>
    categories.bulkUpsert(ROWS, { on: ['nope'] as never, update: ['name'] }),
  'a bulkUpsert that updates its key': ({ categories }) =>
    categories.bulkUpsert(ROWS, { on: ['slug'], update: ['slug'] }),
  'a bulkUpsert that updates no column': ({ categories }) =>
    categories.bulkUpsert(ROWS, { on: ['slug'], update: ['nope' as never] }),
  'a bulkUpsert without a list of columns': ({ categories }) =>
    categories.bulkUpsert(ROWS, { on: ['slug'] } as never),
  'a bulkInsert that returns no column': ({ categories }) =>
    categories.bulkInsert(ROWS, { returning: ['nope' as never] }),
  'chunks of no rows': ({ categories }) => categories.bulkInsert(ROWS, { chunkSize: 0 }),
  'batches of no operations': () => batchExecute([], 0),
  'a batch of what is no function': () => batchExecute([1 as never], 1),
  'deleteMany without a condition': ({ categories }) => categories.deleteMany({} as never),
  'deleteMany with a condition and all': ({ categories }) =>
    categories.deleteMany({ where: { id: 1 }, all: true } as never),
  'a table without a name': ({ from }) => from(''),
  'a table that is an object': ({ from }) => from({}),
  'a name that is too long': ({ from }) => from('category').select('x'.repeat(64)),
  'a name of too many parts': ({ from }) => from('category').select('a.b.c.d'),
  'an operator that is none': ({ from }) => from('category').where('id', 'near' as never, 1 as never),
  'a direction that is none': ({ from }) => from('category').orderBy('id', 'up' as never),
  'an orWhere without a where': ({ from }) => from('category').orWhere('id', '=', 1),
  'a group without a condition': ({ from }) => from('category').where((() => undefined) as never),
  'an update without a condition': ({ from }) => from('category').update({ name: 'x' }).execute(),
  'a delete without a condition': ({ from }) => from('category').delete().execute(),
  'a delete after a limit': ({ from }) => from('category').limit(1).delete(),
  'two columns of one name': ({ from }) => from('category').select('id', 'slug as id'),
  'a batch size that is none': ({ db }) => db.stream('SELECT 1', [], { batchSize: 0 }),
  'sql that is called': ({ db }) => db.sql('SELECT 1' as never),
  'an identifier that is empty': ({ db }) => db.identifier(''),
  'a separator that is a text': ({ db }) => db.list([1], ' OR ' as never),
  'a transaction of Kysely': ({ db }) => db.kysely.transaction().execute(async () => undefined),
  'rules for a field that is none': () =>
    defineQuery(PrismaClient, 'category', { filter: { nope: ['eq'] } } as never),
  'rules for a model that is none': () => defineData(PrismaClient, 'nope' as never, { allow: [] }),
};

/** What comes with the request. */
const VALUES: Readonly<Record<string, Call>> = {
  'a filter that the rules do not list': () => parseQuery({ filter: { slug: 'x' } }, QUERY),
  'a filter of another type': () => parseQuery({ filter: { id: { gte: 'x' } } }, QUERY),
  'data that are not allowed': () => guardData({ name: 'a', slug: 'b' }, DATA),
  'data that are missing': () => guardData({}, DATA),
  'rows that are no list': ({ categories }) => categories.bulkInsert('rows' as never),
  'a row with an object in the place of a text': ({ categories }) =>
    categories.bulkInsert([{ name: {}, slug: 'a' } as never]),
  'two rows of one key': ({ categories }) =>
    categories.bulkUpsert([...ROWS, ...ROWS], { on: ['slug'], update: ['name'] }),
  'a condition that holds nothing': ({ categories }) => categories.deleteMany({ where: {} }),
  'an object where one value is expected': ({ from }) => from('category').where('name', '=', {}),
  'a value that is undefined': ({ from }) => from('category').where('name', '=', undefined as never),
  'a limit that is none': ({ from }) => from('category').limit('10' as never),
  'a list that is empty': ({ db }) => db.list([]),
};

@Controller()
class Routes {
  constructor(
    @Inject(CategoryRepository) private readonly categories: CategoryRepository,
    @Inject(Database) private readonly db: Database,
  ) {}

  @Post(':name')
  async run(@Param('name') name: string): Promise<unknown> {
    const builder = this.db.getQueryBuilder() as unknown as QueryBuilder<AnyTables>;
    const parts = {
      categories: this.categories,
      db: this.db,
      from: (table: unknown) => builder.from(table as string),
    };
    await { ...MISTAKES, ...VALUES }[name]?.(parts);
    return 'accepted';
  }
}

const logged: { level: string; text: string }[] = [];
const keep =
  (level: string) =>
  (...texts: unknown[]) =>
    void (texts.at(-1) === 'DatabaseExceptionFilter' && logged.push({ level, text: texts.join('\n') }));

describe('DatabaseExceptionFilter, for a call that cannot be made', () => {
  let database: TestDatabase;
  let application: INestApplication;
  let url: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        databaseModule(database, { pool: { max: 2, min: 0 } }),
        DatabaseModule.forFeature([CategoryRepository]),
      ],
      controllers: [Routes],
      providers: [{ provide: APP_FILTER, useClass: DatabaseExceptionFilter }],
    })
    class TestModule {}
    application = await NestFactory.create(TestModule, new ExpressAdapter(), {
      logger: { log: () => undefined, debug: keep('debug'), warn: keep('warn'), error: keep('error') },
      abortOnError: false,
    });
    await application.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(application.getHttpServer().address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    logged.length = 0;
  });
  afterAll(async () => {
    await application.close();
    await database.drop();
  });

  const send = async (name: string): Promise<[number, Record<string, unknown>]> => {
    const response = await fetch(`${url}/${encodeURIComponent(name)}`, { method: 'POST' });
    return [response.status, (await response.json()) as Record<string, unknown>];
  };

  it.each(Object.keys(MISTAKES))(
    'answers %s with 500 and nothing about it, and logs it as an error with its stack',
    async (name) => {
      const [status, body] = await send(name);
      expect([status, body.code, body.message]).toEqual([500, 'INVALID_OPTIONS', 'Something went wrong.']);
      expect(body).not.toHaveProperty('errors');
      expect(logged.map(({ level }) => level)).toEqual(['error']);
      expect(logged[0]?.text).toContain('InvalidOptionsError');
      expect(logged[0]?.text).toContain('mistakes-and-values');
    },
  );

  it.each(Object.keys(VALUES))('answers %s with 400 and its place in the request', async (name) => {
    const [status, body] = await send(name);
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect(body.errors).toEqual([expect.objectContaining({ path: expect.any(String) })]);
    expect(logged.map(({ level }) => level)).toEqual(['debug']);
  });
});
