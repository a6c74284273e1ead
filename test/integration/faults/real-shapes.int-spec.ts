import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { classifyFault, translateError, type FaultContext } from '../../../libs/database/src/index.js';
import { createTestDatabase, withDatabase, type TestDatabase } from '../../support/test-database.js';
import { describeWithRedis, redisUrl } from '../../support/test-redis.js';
import { backendOf, failureOf, nakedPrisma, signalSleeper, terminateIdle, terminateTheWaiting, whileLocked } from './fault-scenes.js'; // prettier-ignore

const SENTINEL = 'S3ntinel-Zm9v';
const CONFLICT = { isolationLevel: 'RepeatableRead' } as const;
const SERIALIZABLE = { isolationLevel: 'Serializable' } as const;

let database: TestDatabase;
let prisma: PrismaClient;

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = nakedPrisma(database.url);
  await database.query(`INSERT INTO category (name, slug) VALUES ('a', 'a'), ('b', 'b')`);
  await database.query(
    `INSERT INTO product (sku, name, price_cents, weight_kg, category_id, updated_at) VALUES ('s', 's', 1, 1, 1, now())`,
  );
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

const product = { sku: SENTINEL, name: SENTINEL, priceCents: 1, weightKg: 1, categoryId: 1 };
const insertCategory = (name: string) => `INSERT INTO category (name, slug) VALUES (${name}, '${SENTINEL}')`;
const setName = (id: number, name: string) => `UPDATE category SET name = '${name}' WHERE id = ${id}`;
type Tx = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

/** Both transactions change one row and then the other's. */
async function deadlock(change: (tx: Tx, id: number) => Promise<unknown>): Promise<void> {
  let arrived = 0;
  let meet = () => {};
  const both = new Promise<void>((resolve) => (meet = resolve));
  const run = (first: number, second: number) =>
    prisma.$transaction(async (tx) => {
      await change(tx, first);
      if (++arrived === 2) meet();
      await both;
      await change(tx, second);
    });
  const results = await Promise.allSettled([run(1, 2), run(2, 1)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Reads, lets another transaction change the row, then changes it. */
function conflict(change: (tx: Tx) => Promise<unknown>): Promise<unknown> {
  return prisma.$transaction(async (tx) => {
    await tx.category.findMany();
    await prisma.$executeRawUnsafe(setName(1, `n${Math.random()}`));
    await change(tx);
  }, CONFLICT);
}

interface Scene {
  readonly fault: string;
  readonly code: string;
  readonly retryable?: boolean;
  readonly context?: FaultContext;
  readonly expected?: object;
  readonly make: () => Promise<unknown>;
}

const unique = { constraint: 'category_name_key', fields: ['name'], table: 'category' };
const inTransaction: FaultContext = { phase: 'execute', inTransaction: true };

const scenes: readonly Scene[] = [
  { fault: 'unique violation', code: 'UNIQUE_VIOLATION', expected: { ...unique, model: 'Category' }, make: () => prisma.category.create({ data: { name: 'b', slug: SENTINEL } }) },
  { fault: 'unique violation in raw SQL', code: 'UNIQUE_VIOLATION', expected: unique, make: () => prisma.$executeRawUnsafe(insertCategory(`'b'`)) },
  { fault: 'unique violation in pg', code: 'UNIQUE_VIOLATION', expected: unique, make: () => database.query(insertCategory(`'b'`)) },
  { fault: 'foreign key without record', code: 'FOREIGN_KEY_VIOLATION', expected: { constraint: 'product_category_id_fkey', model: 'Product' }, make: () => prisma.product.create({ data: { ...product, categoryId: 999 } }) },
  { fault: 'delete of a record that is referred to', code: 'FOREIGN_KEY_VIOLATION', make: () => prisma.category.delete({ where: { id: 1 } }) },
  { fault: 'connect to a record that is not there', code: 'FOREIGN_KEY_VIOLATION', make: () => prisma.product.create({ data: { sku: 'x', name: 'x', priceCents: 1, weightKg: 1, category: { connect: { id: 99 } } } }) },
  { fault: 'null in a required column', code: 'NOT_NULL_VIOLATION', expected: { fields: ['name'], table: 'category' }, make: () => prisma.$executeRawUnsafe(insertCategory('NULL')) },
  { fault: 'null in a required column, in pg', code: 'NOT_NULL_VIOLATION', expected: { fields: ['name'] }, make: () => database.query(insertCategory('NULL')) },
  { fault: 'check constraint', code: 'CHECK_VIOLATION', expected: { constraint: 'stock_item_quantity_check', model: 'StockItem' }, make: () => prisma.stockItem.create({ data: { productId: 1, quantity: -5 } }) },
  { fault: 'numeric overflow', code: 'QUERY', make: () => prisma.product.create({ data: { ...product, weightKg: 99_999_999 } }) },
  { fault: 'integer out of range', code: 'QUERY', make: () => prisma.product.create({ data: { ...product, priceCents: 99_999_999_999 } }) },
  { fault: 'text that is too long', code: 'QUERY', make: () => prisma.product.create({ data: { ...product, currency: 'EUROS' } }) },
  { fault: 'NUL byte', code: 'QUERY', make: () => prisma.category.create({ data: { name: `a\0${SENTINEL}`, slug: 'x' } }) },
  { fault: 'text that is no UUID', code: 'QUERY', make: () => prisma.$queryRawUnsafe('SELECT $1::uuid', SENTINEL) },
  { fault: 'syntax error', code: 'QUERY', make: () => prisma.$queryRawUnsafe(`SELEC '${SENTINEL}'`) },
  { fault: 'exception of a trigger or function', code: 'QUERY', make: () => prisma.$executeRawUnsafe(`DO $$ BEGIN RAISE EXCEPTION '${SENTINEL}'; END $$`) },
  { fault: 'disk full', code: 'RESOURCE', make: () => prisma.$executeRawUnsafe(`DO $$ BEGIN RAISE EXCEPTION '${SENTINEL}' USING ERRCODE = '53100'; END $$`) },
  { fault: 'arguments that Prisma refuses', code: 'VALIDATION', make: () => (prisma.category as any).create({ data: { name: SENTINEL, wrong: 1 } }) },
  { fault: 'missing table', code: 'SCHEMA', make: () => prisma.$queryRawUnsafe('SELECT * FROM nope') },
  { fault: 'missing column', code: 'SCHEMA', make: () => prisma.$queryRawUnsafe('SELECT nope FROM category') },
  { fault: 'record to change that is not there', code: 'RECORD_NOT_FOUND', make: () => prisma.category.update({ where: { id: 999 }, data: { name: 'x' } }) },
  { fault: 'record to find that is not there', code: 'RECORD_NOT_FOUND', make: () => prisma.category.findUniqueOrThrow({ where: { id: 999 } }) },
  { fault: 'statement timeout', code: 'QUERY_TIMEOUT', context: { access: 'read' }, retryable: true, make: () => prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(`SET LOCAL statement_timeout = '50ms'`);
    await tx.$executeRawUnsafe('SELECT pg_sleep(5)');
  }) },
  { fault: 'cancelled write', code: 'QUERY_TIMEOUT', make: () => prisma.$transaction(async (tx) => {
    void signalSleeper(database, await backendOf(tx), 'cancel');
    await tx.$executeRawUnsafe('SELECT pg_sleep(10)');
  }, { timeout: 20_000 }) },
  { fault: 'lock timeout', code: 'LOCK_TIMEOUT', retryable: true, make: () => whileLocked(database.url, () => prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(`SET LOCAL lock_timeout = '50ms'`);
    await tx.category.findMany();
  })) },
  { fault: 'lock that is not waited for', code: 'LOCK_TIMEOUT', retryable: true, make: () => whileLocked(database.url, () => prisma.$executeRawUnsafe('DO $$ BEGIN LOCK TABLE category NOWAIT; END $$')) },
  { fault: 'deadlock', code: 'DEADLOCK', retryable: true, make: () => deadlock((tx, id) => tx.category.update({ where: { id }, data: { name: `d${Math.random()}` } })) },
  { fault: 'deadlock in raw SQL', code: 'DEADLOCK', retryable: true, make: () => deadlock((tx, id) => tx.$executeRawUnsafe(setName(id, `d${Math.random()}`))) },
  { fault: 'serialization failure', code: 'SERIALIZATION_FAILURE', retryable: true, make: () => conflict((tx) => tx.category.update({ where: { id: 1 }, data: { name: 'x' } })) },
  { fault: 'serialization failure in raw SQL', code: 'SERIALIZATION_FAILURE', retryable: true, make: () => conflict((tx) => tx.$executeRawUnsafe(setName(1, 'y'))) },
  { fault: 'serialization failure at COMMIT', code: 'SERIALIZATION_FAILURE', retryable: true, make: () => prisma.$transaction(async (one) => {
    await one.category.count();
    await one.category.update({ where: { id: 1 }, data: { name: 'w1' } });
    await prisma.$transaction(async (other) => {
      await other.category.count();
      await other.category.update({ where: { id: 2 }, data: { name: 'b' } });
    }, SERIALIZABLE);
  }, SERIALIZABLE) },
  { fault: 'statement after a failed one', code: 'QUERY', make: () => prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe('SELECT 1 / 0').catch(() => 0);
    await tx.category.findMany();
  }) },
  { fault: 'write in a read-only transaction', code: 'READ_ONLY', make: () => prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe('SET TRANSACTION READ ONLY');
    await tx.category.create({ data: { name: 'z', slug: 'z' } });
  }) },
  { fault: 'session ended during an autocommit write', code: 'OUTCOME_UNKNOWN', context: { access: 'write' }, make: () => whileLocked(database.url, async () => {
    void terminateTheWaiting(database);
    await prisma.category.create({ data: { name: 'k', slug: 'k' } });
  }) },
  { fault: 'session ended during a read', code: 'CONNECTION_LOST', context: { access: 'read' }, retryable: true, make: () => whileLocked(database.url, async () => {
    void terminateTheWaiting(database);
    await prisma.category.findMany();
  }) },
  { fault: 'session ended during a statement of a transaction', code: 'CONNECTION_LOST', context: inTransaction, retryable: true, make: () => prisma.$transaction(async (tx) => {
    void signalSleeper(database, await backendOf(tx), 'terminate');
    await tx.$executeRawUnsafe('SELECT pg_sleep(10)');
  }, { timeout: 20_000 }) },
  { fault: 'session ended between two statements', code: 'CONNECTION_LOST', context: inTransaction, retryable: true, make: () => prisma.$transaction(async (tx) => {
    await terminateIdle(database, await backendOf(tx));
    await tx.category.findMany();
  }) },
  { fault: 'session ended before COMMIT', code: 'CONNECTION_LOST', context: { phase: 'commit', inTransaction: true }, retryable: true, make: () => prisma.$transaction(async (tx) => {
    await terminateIdle(database, await backendOf(tx));
  }) },
  { fault: 'transaction that takes too long', code: 'TRANSACTION_TIMEOUT', expected: {}, make: () => prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe('SELECT pg_sleep(0.3)');
    await tx.category.findMany();
  }, { timeout: 50 }) },
  { fault: 'query after its transaction', code: 'TRANSACTION_SCOPE_CLOSED', make: async () => {
    const left = await prisma.$transaction(async (tx) => ({ tx }));
    await left.tx.category.findMany();
  } },
  { fault: 'transaction that gets no connection', code: 'TRANSACTION_TIMEOUT', retryable: true, make: () => withOneConnection({}, (one) => one.$transaction(() => one.$transaction(async () => 1, { maxWait: 100 }))) },
  { fault: 'query that gets no connection', code: 'POOL_TIMEOUT', retryable: true, make: () => withOneConnection({ connectionTimeoutMillis: 1_500 }, (one) => one.$transaction(() => one.category.findMany())) },
  { fault: 'closed port', code: 'UNAVAILABLE', retryable: true, make: () => at((url) => { url.port = '1'; }) },
  { fault: 'closed port of a host with two addresses', code: 'UNAVAILABLE', retryable: true, make: () => at((url) => { url.host = 'localhost:1'; }) },
  { fault: 'host that has no address', code: 'UNAVAILABLE', retryable: true, make: () => at((url) => { url.hostname = 'nope.invalid'; }) },
  { fault: 'wrong password', code: 'AUTH', make: () => at((url) => { url.password = SENTINEL; }) },
  { fault: 'missing database', code: 'SCHEMA', make: () => query(withDatabase(database.url, 'no_such_database')) },
  { fault: 'server without TLS', code: 'TLS', make: () => query(database.url, { ssl: true }) },
  { fault: 'too many connections', code: 'RESOURCE', retryable: true, make: asLimitedRole },
  { fault: "pg's read timeout", code: 'QUERY_TIMEOUT', make: () => readTimeout() },
]; // prettier-ignore

async function withOneConnection(
  pool: pg.PoolConfig,
  work: (one: PrismaClient) => Promise<unknown>,
): Promise<unknown> {
  const one = nakedPrisma(database.url, { max: 1, ...pool });
  try {
    return await work(one);
  } finally {
    await one.$disconnect();
  }
}

function query(url: string, pool: pg.PoolConfig = {}): Promise<unknown> {
  const client = nakedPrisma(url, pool);
  return client.category.findMany().finally(() => client.$disconnect());
}

function at(change: (url: URL) => void): Promise<unknown> {
  const url = new URL(database.url);
  change(url);
  return query(url.toString());
}

async function asLimitedRole(): Promise<unknown> {
  const role = `limited_${database.name}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${SENTINEL}' CONNECTION LIMIT 0`);
  try {
    return await at((url) => {
      url.username = role;
      url.password = SENTINEL;
    });
  } finally {
    await database.query(`DROP ROLE ${role}`);
  }
}

async function readTimeout(): Promise<unknown> {
  const client = new pg.Client({ connectionString: database.url, query_timeout: 50 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.query(`SELECT pg_sleep(1), '${SENTINEL}'`);
  } finally {
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

describe('errors as Prisma and pg really throw them', () => {
  it.each(scenes)('tells $fault as $code, with nothing of the data', async ({ code, retryable, context, expected, make }) => {
    const error = await failureOf(make);
    const fault = classifyFault(error, context);
    expect(fault).toMatchObject({ code, retryable: retryable ?? false, ...expected });
    expect(fault.source).not.toBe('unknown');
    const translated = translateError(error, { operation: 'the call', ...context });
    expect(translated).toMatchObject({ code, retryable: retryable ?? false });
    expect(inspect(translated, { depth: 20 })).not.toContain(SENTINEL);
    expect(JSON.stringify(translated)).not.toContain(SENTINEL);
  }); // prettier-ignore

  it('has no error to tell for a lone surrogate, which the UTF-8 encoder replaces on the way to the server', async () => {
    const created = await prisma.category.create({ data: { name: 'a\ud800', slug: 'surrogate' } });
    const [stored] = await database.query<{ name: string }>(
      `SELECT name FROM category WHERE slug = 'surrogate'`,
    );
    expect([created.name, stored?.name]).toEqual(['a\ufffd', 'a\ufffd']);
  });
});

describeWithRedis('errors as ioredis really throws them', () => {
  const failing = async (
    work: (redis: Redis) => Promise<unknown>,
    options: { port?: number } & Record<string, unknown>,
  ) => {
    const url = new URL(redisUrl());
    if (options.port !== undefined) url.port = String(options.port);
    const redis = new Redis(url.toString(), { lazyConnect: true, retryStrategy: () => null, ...options });
    redis.on('error', () => undefined);
    try {
      return await failureOf(() => work(redis));
    } finally {
      redis.disconnect();
    }
  };

  it.each([
    ['a wrong password', 'AUTH', {}, (redis: Redis) => redis.call('AUTH', 'nobody', SENTINEL)],
    ['a value of another kind', 'QUERY', {}, async (redis: Redis) => {
      await redis.set('fault:text', SENTINEL);
      await redis.lpush('fault:text', SENTINEL);
    }],
    ['an unknown command', 'QUERY', {}, (redis: Redis) => redis.call('NOPE', SENTINEL)],
    ['a closed port', 'UNAVAILABLE', { port: 1 }, (redis: Redis) => redis.connect()],
    ['a command without connection', 'UNAVAILABLE', { enableOfflineQueue: false }, (redis: Redis) => redis.set('k', SENTINEL)],
    ['a command that takes too long', 'QUERY_TIMEOUT', { commandTimeout: 50 }, (redis: Redis) => redis.blpop('fault:never', 1)],
    ['a command after the end', 'OUTCOME_UNKNOWN', {}, async (redis: Redis) => {
      await redis.connect();
      redis.disconnect();
      await redis.set('k', SENTINEL);
    }],
  ])('tells %s as %s, without its arguments', async (_, code, options, work) => {
    const error = await failing(work, options);
    const context: FaultContext = 'port' in options ? { phase: 'connect' } : { access: 'write' };
    expect(classifyFault(error, context)).toMatchObject({ code });
    expect(inspect(translateError(error), { depth: 20 })).not.toContain(SENTINEL);
  }); // prettier-ignore
});
