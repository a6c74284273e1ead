/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { InvalidOptionsError, TransactionScopeClosedError } from '../../../libs/database/src/index.js';
import { category, FaultBench } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let bench: FaultBench;
let prisma: PrismaClient;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
  bench = await FaultBench.open({ url: database.url });
  prisma = bench.prisma;
});
afterEach(() => bench.close());
afterAll(() => database.drop());

const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
const refused = new Error('refused');

/** What an application keeps of a client in a field, and how it uses that. */
const KEPT: readonly [string, (client: PrismaClient) => (name: string) => PromiseLike<unknown>][] = [
  ['a delegate', ({ category: kept }) => (name) => kept.create(category(name))],
  ['a method of a delegate', ({ category: { create } }) => (name) => create(category(name))],
  ['$executeRaw', ({ $executeRaw }) => (name) =>
    $executeRaw`INSERT INTO category (name, slug) VALUES (${name}, ${name})`],
  ['$transaction', ({ $transaction }) => (name) =>
    ($transaction as unknown as (work: (client: PrismaClient) => Promise<unknown>) => Promise<unknown>)((client) =>
      client.category.create(category(name)),
    )],
]; // prettier-ignore

describe('what is kept of PrismaService in a field', () => {
  it.each(KEPT)('%s belongs to the transaction that it is used in', async (_what, keep) => {
    const write = keep(prisma);
    await write('outside');
    const lost = bench.transactions.run(async () => {
      await write('inside');
      throw refused;
    });
    await expect(lost).rejects.toBe(refused);
    expect(await stored()).toEqual(['outside']);
  });

  it('sees the settings of the transaction that it is used in', async () => {
    const { $queryRaw } = prisma;
    const tenant = await bench.transactions.run(
      () => $queryRaw<{ tenant: string }[]>`SELECT current_setting('app.tenant') AS tenant`,
      { settings: { 'app.tenant': 'mine' } },
    );
    expect(tenant).toEqual([{ tenant: 'mine' }]);
  });

  it('of a bare client runs outside of the transaction that it is used in', async () => {
    const bare = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) });
    const { category: kept } = bare;
    const lost = bare.$transaction(async () => {
      await kept.create(category('inside'));
      throw refused;
    });
    await expect(lost).rejects.toBe(refused);
    await bare.$disconnect();
    expect(await stored()).toEqual(['inside']);
  });
});

describe('a query that was made outside of the transaction in which it is first waited for', () => {
  it.each([
    ['awaited', async (query: PromiseLike<unknown>) => await query],
    ['caught', (query: Promise<unknown>) => query.catch((error: unknown) => Promise.reject(error as Error))],
  ])('is refused when it is %s, and not sent', async (_how, wait) => {
    const query = prisma.category.create(category('made outside')) as Promise<unknown>;
    await expect(bench.transactions.run(() => wait(query))).rejects.toThrow(InvalidOptionsError);
    expect(await stored()).toEqual([]);
  });

  it('gives its result where it was sent before', async () => {
    const query = prisma.category.create(category('sent'));
    const { id } = await query;
    const again = await bench.transactions.run(async () => await query);
    expect(again.id).toBe(id);
    expect(await stored()).toEqual(['sent']);
  });

  it('gives its result after the end of the transaction in which it was sent, as with a bare client', async () => {
    let query: PromiseLike<{ name: string }> | undefined;
    await bench.transactions.run(async () => {
      await prisma.category.count();
      await (query = prisma.category.create(category('sent')));
    });
    await expect(Promise.resolve(query)).resolves.toMatchObject({ name: 'sent' });
  });
});

describe('what a test puts in the place of a member', () => {
  it('answers instead of it, until it is taken away, as with a bare client', async () => {
    const spy = jest.spyOn(prisma.category, 'count').mockResolvedValue(42);
    expect(await prisma.category.count()).toBe(42);
    spy.mockRestore();
    expect(await prisma.category.count()).toBe(0);
    const raw = jest.spyOn(prisma, '$executeRaw').mockResolvedValue(7);
    expect(await prisma.$executeRaw`DELETE FROM category`).toBe(7);
    raw.mockRestore();
    expect(await prisma.$executeRaw`DELETE FROM category`).toBe(0);
  });
});

describe('the first query of a transaction', () => {
  it('is a promise to others as well, such as streams of values that look for methods of their own', async () => {
    const { from, lastValueFrom } = await import('rxjs');
    const rows = await bench.transactions.run(() => lastValueFrom(from(prisma.category.findMany())));
    expect(rows).toEqual([]);
  });
});

describe('a client that was extended outside of the module', () => {
  it('works where there is no transaction, and is refused inside of one', async () => {
    const extended = prisma.$extends({ model: { category: { label: () => 'a category' } } });
    const { category: kept } = extended;
    await kept.create(category('outside'));
    expect(kept.label()).toBe('a category');
    const inside = bench.transactions.run(() => kept.create(category('inside')));
    await expect(inside).rejects.toThrow(InvalidOptionsError);
    const raw = bench.transactions.run(() => extended.$executeRaw`DELETE FROM category`);
    await expect(raw).rejects.toThrow(InvalidOptionsError);
    expect(await stored()).toEqual(['outside']);
  });
});

describe('work that goes on after its transaction', () => {
  it.each([
    ['a model', () => prisma.category.create(category('late'))],
    ['raw SQL', () => prisma.$executeRaw`DELETE FROM category`],
    ['$transaction', () => prisma.$transaction((client) => client.category.create(category('late')))],
  ])('is refused by the promise of its call, and not by reading %s', async (_what, late) => {
    let end: ((outcome: unknown) => void) | undefined;
    const outcome = new Promise<unknown>((resolve) => (end = resolve));
    await bench.transactions.run(async () => {
      await prisma.category.count();
      setImmediate(() => {
        setTimeout(() => {
          // What is thrown before there is a promise ends the process.
          void late().then(end, end);
        }, 20);
      });
    });
    expect(await outcome).toBeInstanceOf(TransactionScopeClosedError);
    expect(await stored()).toEqual([]);
  });

  it('is told that it runs in no transaction', async () => {
    const active = await bench.transactions.run(() => Promise.resolve(() => bench.transactions.isActive()));
    expect(active()).toBe(false);
    const told = new Promise<boolean>((resolve) => {
      void bench.transactions.run(() => {
        setTimeout(() => {
          resolve(bench.transactions.isActive());
        }, 50);
        return Promise.resolve();
      });
    });
    expect(await told).toBe(false);
  });
});
