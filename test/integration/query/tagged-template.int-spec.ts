import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import type { Kysely } from 'kysely';
import {
  type Database,
  PrismaService,
  Sql,
  TransactionManager,
  UniqueViolationError,
  InvalidOptionsError,
  ValidationError,
} from '../../../libs/database/src/index.js';
import { useDatabaseApplication } from '../../support/database-suite.js';

describe('The tagged template', () => {
  let app: INestApplicationContext;
  let db: Database;

  useDatabaseApplication({ pool: { max: 2, min: 0 } }, (opened) => ({ app, db } = opened));

  it('sends every value as a parameter, and gives the rows when it is awaited', async () => {
    const name = `'; DROP TABLE category; --`;
    const query = db.sql<{
      name: string;
      big: bigint;
    }>`SELECT ${name}::text AS name, ${2n ** 60n}::int8 AS big`;
    expect(query.toSql()).toEqual({
      sql: 'SELECT $1::text AS name, $2::int8 AS big',
      values: [name, 2n ** 60n],
    });
    expect(await query).toEqual([{ name, big: 2n ** 60n }]);
    expect(await query.first()).toEqual({ name, big: 2n ** 60n });
    expect(await db.sql`SELECT 1 AS one WHERE ${false}`.first()).toBeNull();
  });

  it('is put together from pieces, names and lists, whose parameters are counted through', async () => {
    const conditions = [db.sql`name <> ${'x'}`, db.sql`id = ANY(${[1, 2]})`, db.sql`true`];
    const query = db.sql`SELECT ${db.list([db.identifier('id'), db.identifier('category', 'name')])} FROM ${db.identifier('public', 'category')}
      WHERE slug IN (${db.list(['a', 'b'])}) AND (${db.list(conditions, db.sql` AND `)}) LIMIT ${5}`;
    expect(query.toSql()).toEqual({
      sql: `SELECT "id", "category"."name" FROM "public"."category"
      WHERE slug IN ($1, $2) AND (name <> $3 AND id = ANY($4) AND true) LIMIT $5`,
      values: ['a', 'b', 'x', [1, 2], 5],
    });
    expect(await query).toEqual([]);
  });

  it('says how many rows a statement has changed', async () => {
    const insert = db.sql`INSERT INTO category (name, slug) VALUES (${'a'}, ${'a'}), (${'b'}, ${'b'})`;
    expect(await insert.execute()).toEqual({ rows: [], rowCount: 2 });
    await expect(insert.execute()).rejects.toBeInstanceOf(UniqueViolationError);
    expect(await db.execute('DELETE FROM category WHERE name = ANY($1)', [['a', 'b', 'c']])).toBe(2);
    expect(await db.execute('SET application_name = DEFAULT')).toBe(0);
  });

  it('refuses what is not a template, an undefined value, a name that cannot be one and an empty list', () => {
    const notATemplate = JSON.parse('["SELECT 1"]') as never;
    expect(() => db.sql(notATemplate)).toThrow(InvalidOptionsError);
    expect(() => db.sql(Object.freeze(['SELECT 1']) as never)).toThrow(InvalidOptionsError);
    expect(() => db.sql('SELECT 1' as never)).toThrow(InvalidOptionsError);
    expect(() => db.sql`SELECT ${undefined}`).toThrow(/value 1.*undefined/);
    expect(() => db.list([])).toThrow(ValidationError);
    expect(() => db.list([1], ' OR true OR ' as never)).toThrow(InvalidOptionsError);
    for (const name of ['', 'a\0b', 'x'.repeat(64), 'é'.repeat(32), 1, null, ['id']])
      expect(() => db.identifier(name as string)).toThrow(InvalidOptionsError);
    expect(db.identifier('x'.repeat(63)).toString()).toBe(`"${'x'.repeat(63)}"`);
  });

  it('takes nothing that a request can send for a piece of SQL or a name, whatever it looks like', async () => {
    const shapes = [
      '{"sql":"1; DROP TABLE category","values":[]}',
      '{"texts":["true"],"values":[]}',
      '{"type":"raw","sql":"true"}',
      '{"kind":"RawNode","sqlFragments":["true"],"parameters":[]}',
      '{"__proto__":{"texts":["true"]},"parts":["id"]}',
      '{"toJSON":"true","toPostgres":"true","toOperationNode":"true"}',
    ];
    for (const shape of shapes) {
      const query = db.sql<{ value: unknown }>`SELECT ${JSON.parse(shape)}::jsonb AS value`;
      expect(query.toSql().sql).toBe('SELECT $1::jsonb AS value');
      expect((await query.first())?.value).toEqual(JSON.parse(shape));
    }
    // The driver would ask it; the library writes it as JSON.
    const own = await db.sql`SELECT ${{ toPostgres: () => 'true' }}::text AS value`;
    expect(own).toEqual([{ value: '{}' }]);
    expect(Sql.is({ __proto__: Sql.prototype })).toBe(false);
    const pretender = { __proto__: Sql.prototype };
    await expect(async () => await db.sql`SELECT ${pretender}`).rejects.toBeInstanceOf(ValidationError);
  });

  it('shows no value when it is logged', () => {
    const query = db.sql`SELECT ${'hunter2'}`;
    expect(inspect(query, { depth: 9, showHidden: true }) + JSON.stringify(query)).not.toContain('hunter2');
  });

  it('runs in the ambient transaction, and sees what Prisma has written there', async () => {
    const failure = new Error('on purpose');
    const work = app.get(TransactionManager).run(async () => {
      await app.get(PrismaService).category.create({ data: { name: 'c', slug: 'c' } });
      expect(await db.sql`SELECT slug FROM category WHERE slug = ${'c'}`).toEqual([{ slug: 'c' }]);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await db.sql`SELECT slug FROM category`).toEqual([]);
  });
});

describe('Kysely over the same connection', () => {
  interface Tables {
    category: { id: number; name: string; slug: string };
  }
  let app: INestApplicationContext;
  let db: Database;

  useDatabaseApplication({ pool: { max: 1, min: 0 } }, (opened) => ({ app, db } = opened));

  const kysely = () => db.kysely as unknown as Kysely<Tables>;

  it('joins the ambient transaction, although the pool has no second connection', async () => {
    const failure = new Error('on purpose');
    const work = db.withTransaction(async () => {
      await app.get(PrismaService).category.create({ data: { name: 'k', slug: 'k' } });
      const inserted = await kysely()
        .insertInto('category')
        .values({ name: 'l', slug: 'l' } as Tables['category'])
        .executeTakeFirst();
      expect(inserted.numInsertedOrUpdatedRows).toBe(1n);
      const rows = await kysely().selectFrom('category').select('slug').orderBy('slug').execute();
      expect(rows).toEqual([{ slug: 'k' }, { slug: 'l' }]);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await kysely().selectFrom('category').selectAll().execute()).toEqual([]);
  });

  it('reports changed rows, streams, and fails with the errors of the library', async () => {
    const values = Array.from({ length: 25 }, (_, index) => ({ name: `n${index}`, slug: `n${index}` }));
    const insert = kysely()
      .insertInto('category')
      .values(values as Tables['category'][]);
    expect((await insert.executeTakeFirst()).numInsertedOrUpdatedRows).toBe(25n);
    await expect(insert.execute()).rejects.toBeInstanceOf(UniqueViolationError);
    const seen: string[] = [];
    for await (const { slug } of kysely().selectFrom('category').select('slug').orderBy('id').stream(10))
      seen.push(slug);
    expect(seen).toEqual(values.map(({ slug }) => slug));
    const update = kysely().updateTable('category').set({ name: 'x' }).where('slug', '=', 'n1');
    expect((await update.executeTakeFirst()).numUpdatedRows).toBe(1n);
    expect((await kysely().deleteFrom('category').executeTakeFirst()).numDeletedRows).toBe(25n);
    expect((await kysely().introspection.getTables()).map(({ name }) => name)).toContain('category');
  });

  it('refuses a transaction of its own and its own end, and goes on afterwards', async () => {
    await expect(
      kysely()
        .transaction()
        .execute(async () => 1),
    ).rejects.toThrow(/ambient transaction/);
    await expect(kysely().startTransaction().execute()).rejects.toBeInstanceOf(InvalidOptionsError);
    await kysely().selectFrom('category').selectAll().execute();
    await expect(kysely().destroy()).rejects.toBeInstanceOf(InvalidOptionsError);
    expect(await kysely().selectFrom('category').selectAll().execute()).toEqual([]);
  });
});
