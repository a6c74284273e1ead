import { describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import fc from 'fast-check';
import {
  type Database,
  PrismaService,
  type AnyTables,
  type QueryBuilder,
} from '../../../libs/database/src/index.js';
import { useDatabaseApplication } from '../../support/database-suite.js';
import type { TestDatabase } from '../../support/test-database.js';

const RUNS = 10_000;
const COMPARISONS = 200;
const AT_A_TIME = 8;

/** What injection is made of, between arbitrary characters. */
const hostileText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        `'`,
        '"',
        '\\',
        '--',
        '/*',
        ';',
        '$1',
        '$$',
        '?',
        '%',
        '_',
        '{',
        ')',
        ' OR 1=1',
        '.',
        '\n',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);
const storable = hostileText.filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));
const identifier = storable.filter((text) => text !== '' && Buffer.byteLength(text) <= 63);

type Loose = ReturnType<QueryBuilder<AnyTables>['from']>;

describe('The query builder, for whatever it is given', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Database;

  useDatabaseApplication({ pool: { max: 4, min: 0 } }, async (opened) => {
    ({ app, database, db } = opened);
    await database.query(`
      CREATE TABLE texts (id serial PRIMARY KEY, text text);
      INSERT INTO category (name, slug) VALUES ('c', 'c');
      INSERT INTO product (sku, name, description, price_cents, weight_kg, active, category_id, updated_at)
      SELECT n, chr(97 + n % 5) || chr(97 + n % 3), NULLIF(chr(97 + n % 4) || 'X', 'cX'), n % 9, (n % 6) * 0.5, n % 2 = 0, 1, now()
      FROM generate_series(1, 120) AS n;`);
  });

  const from = (table: unknown): Loose =>
    (db.getQueryBuilder() as unknown as QueryBuilder<AnyTables>).from(table as string);

  it(`writes the same SQL for ${RUNS} random values, and gets each of them back from the server as it was`, async () => {
    const values = fc.sample(storable, RUNS);
    const texts = new Set<string>();
    const changed: string[] = [];
    for (const value of fc.sample(hostileText, RUNS)) {
      const query = from('texts')
        .where('text', '=', value)
        .where('text', 'in', [value, 'x'])
        .orWhere('text', 'contains', value);
      const update = from('texts').where('id', '=', value).update({ text: value }).returning('id');
      const insert = from('texts').insert({ text: value });
      const tagged = db.sql`SELECT ${value} WHERE true`;
      const statements = [query, update, insert, tagged].map((statement) => statement.toSql());
      texts.add(statements.map(({ sql }) => sql).join('\n'));
      const [[selected], [set, filtered], [inserted], [given]] = statements.map(
        (statement) => statement.values,
      ) as [...unknown[][]] as [unknown[], unknown[], unknown[], unknown[]];
      if ([selected, set, filtered, inserted, given].some((parameter) => parameter !== value))
        changed.push(value);
    }
    expect(changed).toEqual([]);
    expect([...texts]).toHaveLength(1);
    for (let first = 0; first < RUNS; first += 1_000) {
      const some = values.slice(first, first + 1_000);
      expect(await from('texts').insert(some.map((text) => ({ text })))).toBe(some.length);
    }
    const rows = await from('texts').select('text').orderBy('id').get();
    expect(rows.map(({ text }) => text)).toEqual(values);
    const found = await from('texts').whereIn('text', values).count();
    expect(found).toBe(RUNS);
  }, 120_000);

  it(`quotes ${RUNS} random names so that PostgreSQL reads exactly these names`, async () => {
    const names = fc.sample(fc.array(identifier, { minLength: 1, maxLength: 2 }), RUNS);
    const changed: string[] = [];
    const emitted = names.map((parts) => {
      const reference = db.identifier(...parts);
      const { sql } = from('texts').where(reference, 'is', null).toSql();
      const inner = /^select \* from "texts" where (.*) is null$/s.exec(sql)?.[1] ?? '';
      if (inner !== reference.toString() || from(reference).toSql().sql !== `select * from ${inner}`)
        changed.push(inner);
      return inner;
    });
    const parsed = await db.query<{ parts: string[] }>(
      'SELECT parse_ident(emitted) AS parts FROM unnest($1::text[]) WITH ORDINALITY AS n(emitted, position) ORDER BY position',
      [emitted],
    );
    expect(parsed.map(({ parts }) => parts)).toEqual(names);
    // A text is taken apart at its dots, and nowhere else.
    for (const name of fc.sample(identifier, RUNS)) {
      const parts = name.split('.');
      if (parts.length > 3 || parts.includes('')) continue;
      const expected = `select * from "texts" where ${parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.')} is null`;
      if (from('texts').where(name, 'is', null).toSql().sql !== expected) changed.push(name);
    }
    expect(changed).toEqual([]);
  }, 120_000);

  it('takes nothing for SQL that a request can send, in any place that takes a value', async () => {
    const shapes = [
      '{"sql":"true","values":[]}',
      '{"type":"raw","sql":"true"}',
      '{"kind":"RawNode","sqlFragments":["true"],"parameters":[]}',
      '{"toOperationNode":{"kind":"RawNode","sqlFragments":["true"],"parameters":[]}}',
      '{"__proto__":{"isRawBuilder":true,"toOperationNode":1}}',
      '{"toJSON":"true","toPostgres":"true","valueOf":"true","toString":"true"}',
      '{"not":""}',
      '{"constructor":{"name":"Decimal"},"toStringTag":"[object Decimal]","s":1,"e":0,"d":[1]}',
    ].map((text) => JSON.parse(text) as unknown);
    const nodes = [{ toOperationNode: () => ({ kind: 'RawNode', sqlFragments: ['true'], parameters: [] }) }];
    for (const shape of [...shapes, ...nodes]) {
      for (const operator of ['=', '!=', '<', 'like', 'in', 'is', 'is distinct from', 'contains'] as const)
        expect(() => from('texts').where('text', operator, shape as never)).toThrow(/`value/);
      expect(() => from('texts').where('text', 'in', [shape as object])).toThrow(/object/);
      expect(() => from(shape)).toThrow(/name of a table/);
      expect(() => from('texts').where(shape as never, '=', 1)).toThrow(/name of a table/);
      expect(() => from('texts').select(shape as never)).toThrow(/name of a table/);
      expect(() => from('texts').orderBy(shape as never)).toThrow(/name of a table/);
      expect(() => from('texts').groupBy(shape as never)).toThrow(/name of a table/);
      // As a value to store it is JSON.
      expect(from('texts').insert({ text: shape }).toSql().sql).toBe(
        'insert into "texts" ("text") values ($1)',
      );
      expect(from('texts').update({ text: shape }).all().toSql().sql).toBe('update "texts" set "text" = $1');
    }
  });

  const shared = fc.oneof(
    fc.tuple(
      fc.constant('price_cents'),
      fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
      fc.integer({ min: 0, max: 9 }),
    ),
    fc.tuple(
      fc.constantFrom('name', 'description'),
      fc.constantFrom('=', '!=', 'contains', 'startsWith', 'endsWith', '<'),
      fc.constantFrom('a', 'aX', 'b', 'X', 'ca'),
    ),
    fc.tuple(
      fc.constant('price_cents'),
      fc.constantFrom('in', 'not in'),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
    ),
    fc.tuple(fc.constant('description'), fc.constantFrom('is', 'is not'), fc.constant(null)),
    fc.tuple(fc.constant('weight_kg'), fc.constantFrom('=', '<', '>='), fc.constantFrom(0.5, 1, 2.5)),
    fc.tuple(fc.constant('active'), fc.constantFrom('=', '!='), fc.boolean()),
  );
  const FIELDS: Record<string, string> = { price_cents: 'priceCents', weight_kg: 'weightKg' };
  const FILTERS: Record<string, string> = {
    ...{
      '=': 'equals',
      '!=': 'not',
      '<': 'lt',
      '<=': 'lte',
      '>': 'gt',
      '>=': 'gte',
      in: 'in',
      'not in': 'notIn',
    },
    ...{
      contains: 'contains',
      startsWith: 'startsWith',
      endsWith: 'endsWith',
      is: 'equals',
      'is not': 'not',
    },
  };

  it(`gives the rows that Prisma gives, for ${COMPARISONS} random conditions, orders and limits`, async () => {
    const scenario = fc.record({
      steps: fc.array(fc.tuple(fc.constantFrom('where', 'orWhere'), shared), { minLength: 1, maxLength: 5 }),
      column: fc.constantFrom('price_cents', 'name', 'description'),
      direction: fc.constantFrom('asc' as const, 'desc' as const),
      nulls: fc.constantFrom('first' as const, 'last' as const),
      limit: fc.nat({ max: 30 }),
      offset: fc.nat({ max: 10 }),
    });
    const prisma = app.get(PrismaService);
    const check = async ({
      steps: all,
      column,
      direction,
      nulls,
      limit,
      offset,
    }: typeof scenario extends fc.Arbitrary<infer One> ? One : never) => {
      let query: any = from('product');
      let where: any;
      all.forEach(([verb, [name, operator, value]], index) => {
        query = query[index === 0 ? 'where' : verb](name, operator, value);
        const next = { [FIELDS[name] ?? name]: { [FILTERS[operator] ?? operator]: value } };
        where = index === 0 ? next : { [verb === 'where' ? 'AND' : 'OR']: [where, next] };
      });
      const rows = await query
        .select('id')
        .orderBy(column, direction, column === 'description' ? nulls : undefined)
        .orderBy('id')
        .limit(limit)
        .offset(offset)
        .get();
      const order = column === 'description' ? { sort: direction, nulls } : direction;
      const orderBy = [{ [FIELDS[column] ?? column]: order }, { id: 'asc' }] as any;
      const expected = await prisma.product.findMany({
        where,
        orderBy,
        take: limit,
        skip: offset,
        select: { id: true },
      });
      expect(rows).toEqual(expected);
      expect(await query.limit(1_000).offset(0).count()).toBe(await prisma.product.count({ where }));
    };
    const scenarios = fc.sample(scenario, COMPARISONS);
    for (let first = 0; first < COMPARISONS; first += AT_A_TIME)
      await Promise.all(scenarios.slice(first, first + AT_A_TIME).map(check));
  }, 120_000);
});
