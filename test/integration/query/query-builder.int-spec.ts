import { beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { Decimal } from '@prisma/client/runtime/client';
import {
  type Database,
  PrismaService,
  SchemaError,
  TransactionManager,
  UniqueViolationError,
  InvalidOptionsError,
  type DatabaseError,
  type AnyTables,
  type QueryBuilder,
} from '../../../libs/database/src/index.js';
import { useDatabaseApplication } from '../../support/database-suite.js';
import type { TestDatabase } from '../../support/test-database.js';

describe('The query builder', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Database;

  useDatabaseApplication({ pool: { max: 2, min: 0 } }, async (opened) => {
    ({ app, database, db } = opened);
    await database.query(`
      INSERT INTO category (name, slug) VALUES ('Tea', 'tea'), ('Coffee', 'coffee'), ('Empty', 'empty');
      INSERT INTO product (sku, name, description, price_cents, weight_kg, category_id, updated_at)
      SELECT 'sku-' || n, 'name ' || n, CASE WHEN n % 3 = 0 THEN NULL ELSE '100% of ' || n END, n * 100, n * 0.5, 1 + n % 2, now()
      FROM generate_series(1, 20) AS n;`);
  });

  const from = <Source extends 'category' | 'product'>(source: Source) => db.getQueryBuilder().from(source);
  /** Without the tables' types, for what the compiler refuses. */
  const loose = () => (db.getQueryBuilder() as unknown as QueryBuilder<AnyTables>).from('product') as any;

  it('gives rows with the values of Prisma, the columns that were chosen, and null for no row', async () => {
    const query = db
      .getQueryBuilder()
      .from('product as p')
      .select('p.sku', 'weight_kg as weight')
      .where('p.price_cents', '>=', 1_900)
      .orderBy('p.price_cents', 'desc');
    expect(query.toSql()).toEqual({
      sql: 'select "p"."sku", "weight_kg" as "weight" from "product" as "p" where "p"."price_cents" >= $1 order by "p"."price_cents" desc',
      values: [1_900],
    });
    expect(await query.get()).toEqual([
      { sku: 'sku-20', weight: new Decimal('10') },
      { sku: 'sku-19', weight: new Decimal('9.5') },
    ]);
    expect(await query.first()).toEqual({ sku: 'sku-20', weight: new Decimal('10') });
    expect(await query.where('sku', '=', 'none').first()).toBeNull();
    expect(await query.limit(0).first()).toBeNull();
    expect(await query.count()).toBe(2);
    expect(Object.keys((await db.getQueryBuilder().from('category').first()) ?? {})).toEqual([
      'id',
      'name',
      'slug',
    ]);
  });

  it('is not changed by its verbs, so that one query may be the beginning of several', async () => {
    const all = db.getQueryBuilder().from('product');
    const cheap = all.where('price_cents', '<=', 300);
    const dear = all.where('price_cents', '>', 300);
    expect([
      await all.count(),
      await cheap.count(),
      await dear.count(),
      await cheap.limit(2).count(),
    ]).toEqual([20, 3, 17, 2]);
  });

  it('reads conditions from the left to the right, so that a last one binds what an orWhere has let in', async () => {
    const query = db
      .getQueryBuilder()
      .from('product')
      .where('price_cents', '=', 100)
      .orWhere('price_cents', '>', 1_800)
      .where('category_id', '=', 1);
    expect(query.toSql().sql).toBe(
      'select * from "product" where ("price_cents" = $1 or "price_cents" > $2) and "category_id" = $3',
    );
    expect((await query.get()).map(({ sku }) => sku)).toEqual(['sku-20']);
    const grouped = db
      .getQueryBuilder()
      .from('product')
      .where('category_id', '=', 1)
      .where((group) => group.where('price_cents', '<', 300).orWhere(db.sql`price_cents = ${400} OR false`));
    expect(grouped.toSql().sql).toContain(
      '"category_id" = $1 and ("price_cents" < $2 or (price_cents = $3 OR false))',
    );
    expect((await grouped.orderBy('id').get()).map(({ sku }) => sku)).toEqual(['sku-2', 'sku-4']);
  });

  it.each([
    ['whereIn', (query: any) => query.whereIn('price_cents', [100, 200, 9]), 2],
    ['an empty whereIn', (query: any) => query.whereIn('price_cents', []), 0],
    ['whereNotIn', (query: any) => query.whereNotIn('price_cents', [100, 200]), 18],
    ['whereNull', (query: any) => query.whereNull('description'), 6],
    ['whereNotNull', (query: any) => query.whereNotNull('description'), 14],
    [
      'is not distinct from null',
      (query: any) => query.where('description', 'is not distinct from', null),
      6,
    ],
    ['whereBetween', (query: any) => query.whereBetween('price_cents', 300, 500), 3],
    ['contains', (query: any) => query.where('description', 'contains', '100% of 1'), 8],
    ['contains with a wildcard of its own', (query: any) => query.where('description', 'contains', '1_0'), 0],
    ['startsWith', (query: any) => query.where('description', 'startsWith', '100%'), 14],
    ['endsWith', (query: any) => query.where('sku', 'endsWith', '-7'), 1],
    ['ilike', (query: any) => query.where('name', 'ilike', 'NAME 1_'), 10],
    ['is true', (query: any) => query.where('active', 'is', true), 20],
    ['a decimal', (query: any) => query.where('weight_kg', '<', new Decimal('1.25')), 2],
    ['a date', (query: any) => query.where('updated_at', '<=', new Date(Date.now() + 60_000)), 20],
    ['a bigint', (query: any) => query.where('id', '<=', 5n), 5],
    ['a column of its own SQL', (query: any) => query.where(db.sql`length(sku)`, '=', 5), 9],
    ['the next column', (query: any) => query.where('price_cents', '>', db.sql`category_id * ${900}`), 7],
  ])('finds rows by %s', async (_, narrow, expected) => {
    const query = narrow(loose());
    expect(await query.count()).toBe(expected);
    expect(await query.get()).toHaveLength(expected);
  });

  it('joins, groups, computes and sorts', async () => {
    const query = db
      .getQueryBuilder()
      .from('category as c')
      .leftJoin('product as p', 'p.category_id', 'c.id')
      .select('c.slug')
      .select(({ count, sum, max, value }) => ({
        products: count('p.id'),
        total: sum<bigint>('p.price_cents'),
        dearest: max('p.price_cents'),
        even: value<bigint>(db.sql`count(*) FILTER (WHERE p.id % ${2} = 0)`),
      }))
      .groupBy('c.slug')
      .orderBy('products', 'desc')
      .orderBy('c.slug', 'asc', 'last');
    expect(await query.get()).toEqual([
      { slug: 'coffee', products: 10n, total: 10_000n, dearest: 1_900, even: 0n },
      { slug: 'tea', products: 10n, total: 11_000n, dearest: 2_000, even: 10n },
      { slug: 'empty', products: 0n, total: null, dearest: null, even: 0n },
    ]);
    expect(await query.count()).toBe(3);
    const large = query.having(({ sum }) => sum<bigint>('p.price_cents'), '>', 10_500n);
    expect((await large.get()).map(({ slug }) => slug)).toEqual(['tea']);
    expect(await large.count()).toBe(1);
    const builder = db.getQueryBuilder();
    expect(
      await builder.from('product').innerJoin('category', 'category.id', 'product.category_id').count(),
    ).toBe(20);
    expect(
      await builder.from('product').rightJoin('category', 'category.id', 'product.category_id').count(),
    ).toBe(21);
    expect(
      await builder.from('product').fullJoin('category', 'category.id', 'product.category_id').count(),
    ).toBe(21);
  });

  describe('writing', () => {
    beforeEach(async () => {
      await database.query(`DELETE FROM category WHERE slug LIKE 'w-%'`);
    });

    it('inserts rows, changes them and deletes them, and counts or gives what it has written', async () => {
      const categories = from('category');
      expect(await categories.insert({ name: 'w-1', slug: 'w-1' })).toBe(1);
      const inserted = await categories
        .insert([
          { name: 'w-2', slug: 'w-2' },
          { slug: 'w-3', name: db.sql`upper(${'w-3'})` },
        ])
        .returning('slug', 'name as title');
      expect(inserted).toEqual([
        { slug: 'w-2', title: 'w-2' },
        { slug: 'w-3', title: 'W-3' },
      ]);
      const named = categories.where('slug', 'like', 'w-%');
      expect(
        await named
          .update({ name: db.sql`slug || ${'!'}` })
          .where('slug', '<>', 'w-1')
          .execute(),
      ).toBe(2);
      expect((await named.orderBy('slug').get()).map(({ name }) => name)).toEqual(['w-1', 'w-2!', 'w-3!']);
      expect(await named.delete().where('slug', '=', 'w-1').returning().first()).toMatchObject({
        name: 'w-1',
      });
      expect(await named.delete()).toBe(2);
    });

    it('refuses to write every row unless it is said, and to drop what the query has said', async () => {
      for (const write of [() => loose().update({ name: 'x' }), () => loose().delete()]) {
        await expect(write().execute()).rejects.toThrow(/every row.*\.all\(\)/);
        await expect(async () => await write()).rejects.toBeInstanceOf(InvalidOptionsError);
        expect(() => write().returning('id')).toThrow(InvalidOptionsError);
        expect(write().all().toSql().sql).toMatch(
          /^(update "product" set "name" = \$1|delete from "product")$/,
        );
        expect(() => write().all().where('id', '=', 1).toSql()).toThrow(/contradicts/);
        expect(() => write().where('id', '=', 1).all()).toThrow(/contradicts/);
        expect(() => write().where((group: any) => group)).toThrow(/no condition/);
      }
      for (const said of [
        loose().limit(1),
        loose().orderBy('id'),
        loose().offset(1),
        loose().select('id'),
        loose().groupBy('id'),
        loose().innerJoin('category', 'category.id', 'product.category_id'),
      ]) {
        for (const verb of ['insert', 'update', 'delete'])
          expect(() => said.where('id', '=', 1)[verb]({ name: 'x' })).toThrow(/cannot follow/);
      }
      expect(() => loose().where('id', '=', 1).insert({ name: 'x' })).toThrow(/cannot follow where/);
      expect(() => loose().insert({ name: 'x' }).where('id', '=', 1)).toThrow(/no meaning/);
      expect(() => loose().update({})).toThrow(/nothing to change/);
      expect(() => loose().insert([])).toThrow(/nothing to insert/);
      expect(await from('product').count()).toBe(20);
    });

    it('gives a column that one row leaves out its default, and fills a row of nothing with defaults', async () => {
      await database.query(
        'CREATE TABLE defaults (id serial, note text DEFAULT $$none$$, data jsonb, tags text[])',
      );
      const table = (db.getQueryBuilder() as unknown as QueryBuilder<AnyTables>).from('defaults');
      await table.insert([{ note: 'a', data: { sql: 'true', values: [] } }, { tags: ['x', '"y"'] }]);
      await table.insert({});
      expect(await table.select('note', 'data', 'tags').orderBy('id').get()).toEqual([
        { note: 'a', data: { sql: 'true', values: [] }, tags: null },
        { note: 'none', data: null, tags: ['x', '"y"'] },
        { note: 'none', data: null, tags: null },
      ]);
      expect(await table.where('tags', '@>', ['x']).count()).toBe(1);
      expect(await table.where('data', '@>', { sql: 'true' }).count()).toBe(1);
      await database.query('DROP TABLE defaults');
    });

    it('belongs to the ambient transaction, where it sees what Prisma has written', async () => {
      const failure = new Error('on purpose');
      const work = app.get(TransactionManager).run(async () => {
        await app.get(PrismaService).category.create({ data: { name: 'w-p', slug: 'w-p' } });
        expect(await from('category').where('slug', '=', 'w-p').update({ name: 'w-q' })).toBe(1);
        expect(await app.get(PrismaService).category.count({ where: { name: 'w-q' } })).toBe(1);
        const seen: string[] = [];
        for await (const { slug } of from('category').orderBy('id').stream({ batchSize: 2 })) seen.push(slug);
        expect(seen).toEqual(['tea', 'coffee', 'empty', 'w-p']);
        throw failure;
      });
      await expect(work).rejects.toBe(failure);
      expect(await from('category').where('slug', '=', 'w-p').count()).toBe(0);
    });
  });

  it('refuses what it does not know before anything is sent', () => {
    const refused: (() => unknown)[] = [
      () => loose().where('id', '= 1 OR 1 =', 1),
      () => loose().where('id', 'constructor', 1),
      () => loose().where('id', '='),
      () => loose().where('id', '=', undefined),
      () => loose().where('id', '=', null),
      () => loose().where('id', '!=', null),
      () => loose().where('id', 'is', 'true'),
      () => loose().where('sku', '=', { not: '' }),
      () => loose().where('sku', '=', ['a', 'b']),
      () => loose().where('sku', 'like', { toString: () => '%' }),
      () => loose().where('sku', 'contains', ['%']),
      () => loose().where('sku', '=', () => 1),
      () => loose().where('sku', '=', Symbol('x')),
      () => loose().where({ sku: 'x' }),
      () => loose().where('true'),
      () => loose().where(undefined),
      () => loose().orWhere('id', '=', 1),
      () => loose().whereIn('id', { 0: 1, length: 1 }),
      () => loose().whereIn('id', undefined),
      () => loose().whereIn('id', [1, undefined]),
      () => loose().whereIn('id', [1, null]),
      () => loose().whereIn('id', [[1]]),
      () => loose().whereIn('id', [{ sql: '1' }]),
      () => loose().whereBetween('id', 1, undefined),
      () => loose().orderBy('id', 'asc; DROP TABLE product'),
      () => loose().orderBy('id', 'ASC'),
      () => loose().orderBy('id', { toString: () => 'asc' }),
      () => loose().orderBy('id', 'asc', 'nowhere'),
      ...['1', -1, 1.5, NaN, Infinity, 2 ** 53, null, undefined, {}, 1n].flatMap((rows) => [
        () => loose().limit(rows),
        () => loose().offset(rows),
      ]),
      ...['', 'a\0', 'x'.repeat(64), 'a..b', 'a.b.c.d', 7, null, undefined, {}, ['id']].flatMap((name) => [
        () => loose().where(name, '=', 1),
        () => loose().select(name),
        () => loose().orderBy(name),
        () => loose().groupBy(name),
        () => loose().innerJoin('category', name, 'id'),
        () => loose().insert({ name: 'x' }).returning(name),
      ]),
      ...['id as b as c', 'id as ', ' as b', `id as ${'x'.repeat(64)}`].flatMap((name) => [
        () => loose().select(name),
        () => loose().innerJoin(name, 'id', 'id'),
      ]),
      () => loose().select('id', 'category.id'),
      () =>
        loose()
          .select(({ count }: any) => ({ id: count() }))
          .select('id'),
      () => loose().select(() => ({ x: { node: { kind: 'RawNode', sqlFragments: ['1'], parameters: [] } } })),
      () => loose().select(({ value }: any) => ({ x: value('now()') })),
      () => loose().innerJoin('category', 'category.id', 'product.category_id').toSql(),
      () => loose().insert({ name: undefined }),
      () => loose().insert({ 'a\0': 1 }),
      () => loose().insert('x'),
      () => loose().insert([['x']]),
      () => loose().update({ name: undefined }),
      () => loose().stream({ batchSize: 0 }),
      () => (db.getQueryBuilder() as any).from({ table: 'product' }),
    ];
    refused.forEach((attempt, index) => {
      let error: unknown;
      try {
        attempt();
      } catch (thrown) {
        error = thrown;
      }
      expect([index, attempt.toString(), (error as DatabaseError | undefined)?.code]).toEqual([
        index,
        attempt.toString(),
        expect.stringMatching(/^(VALIDATION|INVALID_OPTIONS)$/),
      ]);
    });
  });

  it('fails with the errors of the library, which do not show values', async () => {
    const insert = from('category').insert({ name: 'secret-name', slug: 'tea' });
    const error = await insert.execute().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UniqueViolationError);
    expect(
      inspect([error, insert, from('category').where('name', '=', 'secret-name')], { depth: 9 }),
    ).not.toContain('secret-name');
    await expect(loose().where('no_such_column', '=', 1).get()).rejects.toBeInstanceOf(SchemaError);
    await expect(loose().where('id', '=', 'no number').get()).rejects.toMatchObject({ retryable: false });
  });
});
