import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  ConnectionLostError,
  DatabaseModule,
  PrismaService,
  RepositoryFor,
  SerializationFailureError,
  TransactionManager,
  TransactionTimeoutError,
  UniqueViolationError,
  executeWithRetry,
  translateError,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { failureOf } from './fault-scenes.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}

let database: TestDatabase;
let application: INestApplicationContext;
let categories: CategoryRepository;
let transactions: TransactionManager;
let prisma: PrismaService;

beforeAll(async () => {
  database = await createTestDatabase();
  application = await startApplication({
    imports: [databaseModule(database), DatabaseModule.forFeature([CategoryRepository])],
  });
  categories = application.get(CategoryRepository);
  transactions = application.get(TransactionManager);
  prisma = application.get(PrismaService);
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
  await database.query(`INSERT INTO category (name, slug) VALUES ('a', 'a'), ('b', 'b')`);
});
afterAll(async () => {
  await application.close();
  await database.drop();
});

const SERIALIZABLE = { isolationLevel: 'Serializable' } as const;

/** Counts, then renames one record; two at once are a write skew, which PostgreSQL notices at COMMIT. */
async function countAndRename(id: number, name: string, between?: () => Promise<unknown>): Promise<void> {
  await transactions.run(async () => {
    await categories.count();
    await categories.update({ where: { id }, data: { name } });
    await between?.();
  }, SERIALIZABLE);
}

/** The other half of the skew, on a transaction of its own, beside the ambient one. */
async function otherHalf(): Promise<void> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    await client.query('SELECT count(*) FROM category');
    await client.query(`UPDATE category SET name = 'other' WHERE id = 2`);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

describe('repositories', () => {
  it('throw the class of a broken constraint, with the field, inside a transaction as well', async () => {
    const create = () => categories.create({ data: { name: 'a', slug: 'c' } });
    for (const work of [create, () => transactions.run(create)]) {
      const error = await failureOf(work);
      expect(error).toBeInstanceOf(UniqueViolationError);
      expect(error).toMatchObject({ operation: 'category.create', model: 'Category', fields: ['name'], outcome: 'not-applied' });
    }
  }); // prettier-ignore

  it('leave what PrismaService throws to code that reads codes of Prisma', async () => {
    await expect(prisma.category.create({ data: { name: 'a', slug: 'c' } })).rejects.toMatchObject({
      code: 'P2002',
    });
  });
});

describe('TransactionManager', () => {
  // Prisma throws a bare DriverAdapterError without a code here: `error.code === 'P2034'`, as its documentation has
  // it, misses this one.
  it('throws the class of a conflict that PostgreSQL notices at COMMIT', async () => {
    const error = await failureOf(() => countAndRename(1, 'x', otherHalf));
    expect(error).toBeInstanceOf(SerializationFailureError);
    expect(error).toMatchObject({ retryable: true, outcome: 'not-applied', operation: 'COMMIT' });
  });

  it('throws the class of a transaction that took too long, with its limit', async () => {
    const slow = () => transactions.run(() => prisma.$executeRaw`SELECT pg_sleep(0.3)`, { timeoutMs: 50 });
    const error = await failureOf(slow);
    expect(error).toBeInstanceOf(TransactionTimeoutError);
    expect(error).toMatchObject({ phase: 'work', timeoutMs: 50, retryable: false });
  });

  it('passes on errors of the application, also one of a socket to another system', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    for (const own of [new RangeError('no stock'), refused, 'a text']) {
      const fail = async () => {
        throw own;
      };
      expect(await failureOf(() => transactions.run(fail))).toBe(own);
    }
  });
});

describe('executeWithRetry', () => {
  it('repeats a transaction as a whole after a conflict at COMMIT', async () => {
    const interfere = jest.fn(otherHalf);
    await executeWithRetry((attempt) => countAndRename(1, 'kept', attempt === 1 ? interfere : undefined), {
      name: 'rename',
      initialDelayMs: 1,
    });
    expect(interfere).toHaveBeenCalledTimes(1);
    expect((await categories.getById(1)).name).toBe('kept');
  });

  it('tries once inside a transaction, whose connection a failed statement has spoiled', async () => {
    const part = jest.fn(
      () => prisma.$executeRaw`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$`,
    );
    const work = () =>
      transactions.run(() => executeWithRetry(part, { name: 'part', initialDelayMs: 1 }), { retry: false });
    await expect(work()).rejects.toThrow(SerializationFailureError);
    expect(part).toHaveBeenCalledTimes(1);
  });

  it('is at hand as PrismaService.withRetry', async () => {
    const deadlock = jest.fn(
      () => prisma.$executeRaw`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$`,
    );
    await expect(prisma.withRetry(deadlock, 2)).rejects.toMatchObject({ code: 'DEADLOCK', attempts: 2 });
    expect(deadlock).toHaveBeenCalledTimes(2);
  });
});

/** A pool that has lost its connection, in the library's words. */
class BrokenPool extends pg.Pool {
  readonly failure = new ConnectionLostError('db:5432', 'ECONNRESET', {
    target: { kind: 'postgres', connection: 'default' },
  });
  override query(): never {
    return Promise.reject(this.failure) as never;
  }
}

describe('an error of the pool', () => {
  it('gets through Prisma, which puts an error of its own in its place and keeps `code` and `meta`', async () => {
    const pool = new BrokenPool();
    const naked = new PrismaClient({ adapter: new PrismaPg(pool) });
    const replaced = await failureOf(() => naked.category.findMany());
    expect(replaced).toMatchObject({ name: 'PrismaClientKnownRequestError', code: 'CONNECTION_LOST' });
    expect(translateError(replaced)).toBe(pool.failure);
    await naked.$disconnect();
    await pool.end();
  });
});
