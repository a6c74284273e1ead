import { describe, expect, it } from '@jest/globals';
import { Decimal } from '@prisma/client/runtime/client';
import type { INestApplicationContext } from '@nestjs/common';
import {
  Database,
  PrismaService,
  TransactionManager,
  TransactionScopeClosedError,
  UniqueViolationError,
  ValidationError,
} from '../../../libs/database/src/index.js';
import { partsOf } from '../../../libs/database/src/query/database.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { useDatabaseApplication } from '../../support/database-suite.js';
import type { TestDatabase } from '../../support/test-database.js';

describe('SQL over the pool and the ambient transaction', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let db: Database;
  let prisma: PrismaService;
  let transactions: TransactionManager;

  useDatabaseApplication({ pool: { max: 3, min: 0 } }, (opened) => {
    ({ app, database, db } = opened);
    prisma = app.get(PrismaService);
    transactions = app.get(TransactionManager);
  });

  const insert = (slug: string) =>
    db.query<{ id: number }>('INSERT INTO category (name, slug) VALUES ($1, $1) RETURNING id', [slug]);

  it('sees what Prisma has written in the same transaction, and is rolled back with it', async () => {
    const failure = new Error('on purpose');
    const work = transactions.run(async () => {
      const { id } = await prisma.category.create({ data: { name: 'both', slug: 'both' } });
      expect(await db.query('SELECT id FROM category WHERE slug = $1', ['both'])).toEqual([{ id }]);
      await insert('raw');
      expect(await prisma.category.count({ where: { slug: { in: ['both', 'raw'] } } })).toBe(2);
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await prisma.category.count()).toBe(0);
  });

  it('runs on the one connection of its transaction, also inside a savepoint and beside other transactions', async () => {
    const pid = async () => (await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]?.pid;
    const inTransaction = () =>
      transactions.run(async () => {
        const [row] = await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
        const nested = await prisma.$transaction(async () => await pid());
        expect([await pid(), nested]).toEqual([row?.pid, row?.pid]);
        return row?.pid;
      });
    const pids = await Promise.all([inTransaction(), inTransaction(), inTransaction()]);
    expect(new Set(pids).size).toBe(3);
  });

  it('refuses work that is left over when the transaction has been rolled back, instead of running it on its own', async () => {
    let late: Promise<unknown> = Promise.resolve();
    const timedOut = transactions.run(
      async () => {
        await db.query('SELECT 1');
        const { signal } = transactions;
        late = new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve(insert('late').catch((error: unknown) => error));
          });
        });
        await late;
      },
      { timeoutMs: 100 },
    );
    await expect(timedOut).rejects.toThrow();
    expect(await late).toBeInstanceOf(TransactionScopeClosedError);
    expect(await prisma.category.count({ where: { slug: 'late' } })).toBe(0);
  });

  it('gives the values that Prisma gives', async () => {
    const expressions = [
      '9223372036854775807::int8',
      '12.340::numeric(8,3)',
      "'2024-02-29 23:30:00.123456'::timestamp",
      "'2024-02-29 23:30:00.5+05:30'::timestamptz",
      "'0044-03-15'::date",
      "'12:34:56.789'::time",
      "'\\x00ff10'::bytea",
      '\'{"a": [1, null]}\'::jsonb',
      "'{1,NULL,3}'::int8[]",
      "'{1.5,2}'::numeric[]",
      "'{2024-01-01}'::date[]",
      '\'{a,"b,c"}\'::text[]',
      'true',
      "'NaN'::float8",
    ];
    for (const expression of expressions) {
      const [ours] = await db.query(`SELECT ${expression} AS value`);
      const [theirs] = await prisma.$queryRawUnsafe<{ value: unknown }[]>(`SELECT ${expression} AS value`);
      expect({ expression, value: ours?.value }).toEqual({ expression, value: theirs?.value });
    }
  });

  it('sends values as they were given, and takes back the same', async () => {
    const values: [type: string, value: unknown][] = [
      ['int8', 2n ** 63n - 1n],
      ['numeric', new Decimal('123456789012345678901234567890.123456789')],
      ['timestamptz', new Date('2024-02-29T23:30:00.123Z')],
      ['timestamptz', new Date('-000043-03-15T00:00:00.000Z')],
      ['bytea', Uint8Array.from([0, 255, 39, 92])],
      ['jsonb', { sql: 'DROP TABLE category', values: ["'"], toPostgres: 'no' }],
      ['text[]', ["it's", 'a "b"', 'c\\d', null]],
      ['timestamptz[]', [new Date('2024-02-29T23:30:00.123Z')]],
      ['text', "'; DROP TABLE category; --"],
    ];
    for (const [type, value] of values) {
      // PostgreSQL writes years before 1 in a way that no JavaScript parser reads.
      if (value instanceof Date && value.getUTCFullYear() < 0) {
        const rows = await db.query(`SELECT extract(year FROM $1::${type})::int AS year`, [value]);
        expect(rows).toEqual([{ year: -44 }]);
        continue;
      }
      const rows = await db.query(`SELECT $1::${type} AS value`, [value]);
      expect({ type, value: rows[0]?.value }).toEqual({ type, value });
    }
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['an object of a class', new Map()],
    ['an object that offers SQL', { toPostgres: () => "'' OR true" }],
    ['a NUL character', 'a\0b'],
    ['an invalid date', new Date(NaN)],
  ])('refuses %s as a value before anything is sent, or takes it as JSON', async (_name, value) => {
    const refused = db.query('SELECT $1::text AS value', [value]).catch((error: unknown) => error);
    const answer = await refused;
    if (typeof value === 'object' && value !== null && 'toPostgres' in value)
      expect(answer).toEqual([{ value: '{}' }]);
    else expect(answer).toBeInstanceOf(ValidationError);
  });

  it('never sends more parameters than the protocol can count', async () => {
    const values = Array.from({ length: 65_536 }, () => 1);
    await expect(db.query('SELECT 1', values)).rejects.toThrow(/65536 parameters.*65535/);
  });

  it('takes one statement in one text, also without values', async () => {
    const refused = await db.query('SELECT 1; SELECT 2').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'QUERY', outcome: 'not-applied' });
    expect(String((refused as Error).cause)).toContain('42601');
  });

  it('streams in batches inside of a transaction, whose other statements run between them', async () => {
    const { executor } = partsOf(db);
    const seen: number[] = [];
    await transactions.run(async () => {
      const statement = {
        sql: 'SELECT i FROM generate_series(1, $1::int) AS i',
        values: [25],
        operation: 'test',
      };
      for await (const rows of executor.stream(statement, { batchSize: 10 })) {
        seen.push(rows.length);
        await prisma.category.create({
          data: { name: `batch ${seen.length}`, slug: `batch-${seen.length}` },
        });
      }
    });
    expect(seen).toEqual([10, 10, 5]);
    expect(await prisma.category.count({ where: { slug: { startsWith: 'batch-' } } })).toBe(3);
  });

  it('gives the connection of a stream back when its consumer stops early, and when the query fails', async () => {
    const { executor } = partsOf(db);
    const stream = (sql: string) => executor.stream({ sql, values: [], operation: 'test' }, { batchSize: 2 });
    for await (const rows of stream('SELECT generate_series(1, 1000) AS i')) {
      expect(rows).toEqual([{ i: 1 }, { i: 2 }]);
      break;
    }
    const failing = async () => {
      for await (const rows of stream('SELECT 1 / (5 - i) AS q FROM generate_series(1, 10) AS i'))
        expect(rows).toHaveLength(2);
    };
    await expect(failing()).rejects.toMatchObject({ retryable: false });
    const open = await db.query(
      'SELECT count(*)::int AS open FROM pg_stat_activity WHERE state LIKE $1 AND datname = $2',
      ['idle in %', database.name],
    );
    expect(open).toEqual([{ open: 0 }]);
  });

  it('opens the connections that should be there on request, as at the start', async () => {
    const warm = await startApplication({
      imports: [databaseModule(database, { pool: { max: 4, min: 3, warmUp: false } })],
    });
    try {
      const before = await database.countConnections();
      expect(await warm.get(Database).warmUp()).toBe(3);
      expect(await database.countConnections()).toBeGreaterThanOrEqual(before + 2);
    } finally {
      await warm.close();
    }
  });

  it('says what the server said in the library’s own errors', async () => {
    await insert('twice');
    await expect(insert('twice')).rejects.toBeInstanceOf(UniqueViolationError);
  });
});
