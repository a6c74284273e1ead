import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  cancelOnAbort,
  PrismaService,
  QueryCancelledError,
  TransactionManager,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { until } from '../../support/until.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let application: INestApplicationContext;
let prisma: PrismaService;
let transactions: TransactionManager;

beforeAll(async () => {
  database = await createTestDatabase();
  application = await startApplication({ imports: [databaseModule(database)] });
  prisma = application.get(PrismaService);
  transactions = application.get(TransactionManager);
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await application.close();
  await database.drop();
});

/** Lets all who come go on in the same turn. */
function meetingOf(count: number): () => Promise<void> {
  let here = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return async () => {
    here += 1;
    if (here === count) open();
    await opened;
  };
}

describe('lookups of one turn, which Prisma joins into one statement', () => {
  it('never cross from one transaction into another, or outside', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `c${index}`);
    const meet = meetingOf(names.length + 1);
    const leave = meetingOf(names.length + 1);
    const lookUp = async () => {
      await meet();
      // In one turn for all of them; nobody commits before everybody has seen.
      const found = await Promise.all(names.map((name) => prisma.category.findUnique({ where: { name } })));
      await leave();
      return found.flatMap((each) => (each === null ? [] : [each.name]));
    };
    const inside = names.map((name) =>
      transactions.run(async () => {
        await prisma.category.create({ data: { name, slug: name } });
        return await lookUp();
      }),
    );
    const outside = lookUp();
    expect(await Promise.all(inside)).toEqual(names.map((name) => [name]));
    expect(await outside).toEqual([]);
  });

  it('see uncommitted work of their own transaction, and no other caller does', async () => {
    await transactions.run(async () => {
      await prisma.category.create({ data: { name: 'mine', slug: 'mine' } });
      const [mine, theirs] = await Promise.all([
        prisma.category.findUnique({ where: { name: 'mine' } }),
        transactions.run(() => prisma.category.findUnique({ where: { name: 'mine' } }), {
          propagation: 'NOT_SUPPORTED',
        }),
      ]);
      expect([mine?.name, theirs]).toEqual(['mine', null]);
    });
  });
});

describe('a conflict inside of a nested part', () => {
  it('cannot be repeated there, with a bare client either; the whole is', async () => {
    await database.query("INSERT INTO category (name, slug) VALUES ('a', 'a')");
    const interfere = () => database.query("UPDATE category SET slug = slug || 'x' WHERE name = 'a'");
    const bare = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) });
    const failures: unknown[] = [];
    const naive = bare.$transaction(
      async (client) => {
        await client.category.count();
        await interfere();
        for (let attempt = 0; attempt < 3; attempt++) {
          await client
            .$transaction((inner) => inner.category.update({ where: { name: 'a' }, data: { slug: 'b' } }))
            .catch((error: unknown) => failures.push(error));
        }
      },
      { isolationLevel: 'Serializable' },
    );
    await naive.catch(() => undefined);
    await bare.$disconnect();
    expect(failures).toHaveLength(3);

    const attempts: number[] = [];
    await transactions.run(
      async () => {
        attempts.push(transactions.attempt);
        await prisma.category.count();
        if (transactions.attempt === 1) await interfere();
        await transactions.run(() => prisma.category.update({ where: { name: 'a' }, data: { slug: 'b' } }), {
          propagation: 'NESTED',
        });
      },
      { isolationLevel: 'Serializable' },
    );
    expect(attempts).toEqual([1, 2]);
    expect(await prisma.category.findUnique({ where: { name: 'a' } })).toMatchObject({ slug: 'b' });
  });
});

describe('statements that several transactions ask for in one turn', () => {
  it('follow the signal of their own caller, whoever asked first', async () => {
    const client = new AbortController();
    const meet = meetingOf(2);
    const slow = async () => {
      await prisma.category.count();
      await meet();
      return await prisma.$queryRaw<{ done: boolean }[]>`SELECT pg_sleep(0.5) IS NULL AS done`;
    };
    const cancelled = cancelOnAbort(client.signal, () => transactions.run(slow));
    const other = transactions.run(slow);
    await until(
      async () =>
        (
          await database.query(
            "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.5)%' AND state = 'active'",
          )
        ).length >= 2,
      5_000,
    );
    client.abort();
    await expect(cancelled).rejects.toThrow(QueryCancelledError);
    expect(await other).toHaveLength(1);
  });
});

describe('an extended client', () => {
  it('takes part with its extensions, whose methods answer at once', async () => {
    const extended = await startApplication({
      imports: [
        databaseModule(database, {
          extend: (client) =>
            (client as PrismaClient).$extends({
              model: { category: { label: () => 'a category' } },
              query: {
                category: {
                  create: ({ args, query }) =>
                    query({ ...args, data: { ...args.data, slug: 'by extension' } }),
                },
              },
            }),
        }),
      ],
    });
    const service = extended.get(PrismaService);
    const manager = extended.get(TransactionManager);
    const label = await manager
      .run(async () => {
        await service.category.create({ data: { name: 'kept', slug: 'mine' } });
        const own = await service.category.findUnique({ where: { name: 'kept' } });
        expect(own?.slug).toBe('by extension');
        return (service.category as unknown as { label(): string }).label();
      })
      .finally(() => extended.close());
    expect(label).toBe('a category');
    expect(await prisma.category.count({ where: { slug: 'by extension' } })).toBe(1);
  });
});
