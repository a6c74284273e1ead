import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictException, Injectable, type INestApplicationContext } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  DatabaseError,
  DatabaseModule,
  PrismaService,
  RepositoryFor,
  TransactionManager,
  TransactionOptionsConflictError,
  TransactionScopeClosedError,
  UnexpectedRollbackError,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}
@Injectable()
class CustomerRepository extends RepositoryFor('customer') {}

let database: TestDatabase;
let application: INestApplicationContext;
let transactions: TransactionManager;
let prisma: PrismaService;
let categories: CategoryRepository;
let customers: CustomerRepository;

beforeAll(async () => {
  database = await createTestDatabase();
  application = await startApplication({
    imports: [databaseModule(database), DatabaseModule.forFeature([CategoryRepository, CustomerRepository])],
  });
  transactions = application.get(TransactionManager);
  prisma = application.get(PrismaService);
  categories = application.get(CategoryRepository);
  customers = application.get(CustomerRepository);
});
beforeEach(async () => {
  await database.query('TRUNCATE category, customer RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await application.close();
  await database.drop();
});

const category = (name: string) => ({ data: { name, slug: name } });
const customer = (name: string) => ({ data: { name, email: `${name}@example.com` } });
const backend = async () => {
  const [row] = await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  return row?.pid;
};
const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);

describe('TransactionManager.run', () => {
  it('rejects when a statement failed and was caught, because PostgreSQL rolls back although it answers COMMIT with success', async () => {
    const swallowing = async (client: { $executeRawUnsafe(sql: string): Promise<unknown> }) => {
      await client.$executeRawUnsafe("INSERT INTO category (name, slug) VALUES ('lost', 'lost')");
      await client.$executeRawUnsafe('SELECT 1/0').catch(() => undefined);
      return 'done';
    };
    await expect(transactions.run(() => swallowing(prisma))).rejects.toBeInstanceOf(UnexpectedRollbackError);
    expect(await stored()).toEqual([]);

    // A bare client reports success for the same thing.
    const bare = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) });
    await expect(bare.$transaction((client) => swallowing(client))).resolves.toBe('done');
    await bare.$disconnect();
    expect(await stored()).toEqual([]);
  });

  it('commits what repositories and PrismaService did, and resolves with the result', async () => {
    const result = await transactions.run(async () => {
      await categories.create(category('books'));
      await prisma.category.create(category('games'));
      await prisma.$executeRaw`INSERT INTO category (name, slug) VALUES ('tea', 'tea')`;
      return 'done';
    });
    expect(result).toBe('done');
    expect(await stored()).toEqual(['books', 'games', 'tea']);
  });

  it('rolls everything back when the work fails, and passes the failure on unchanged', async () => {
    const failure = new RangeError('no');
    const running = transactions.run(async () => {
      await categories.create(category('books'));
      await customers.create(customer('ann'));
      await prisma.$executeRaw`INSERT INTO category (name, slug) VALUES ('tea', 'tea')`;
      throw failure;
    });
    await expect(running).rejects.toBe(failure);
    expect(await stored()).toEqual([]);
    expect(await customers.count()).toBe(0);
  });

  it("passes the application's own exception on unchanged, also where a database error is its cause", async () => {
    await categories.create(category('books'));
    const answers: Error[] = [];
    const answer = (cause: unknown) => {
      answers.push(new ConflictException('name taken', { cause }));
      throw answers.at(-1);
    };
    const attempts: [string, () => Promise<unknown>][] = [
      ['UniqueViolationError', () => categories.create(category('books'))],
      [
        'PrismaClientKnownRequestError',
        () => prisma.$executeRaw`INSERT INTO category (name, slug) VALUES ('books', 'books')`,
      ],
    ];
    for (const [name, attempt] of attempts) {
      const thrown: unknown = await transactions
        .run(async () => await attempt().catch(answer))
        .catch((error: unknown) => error);
      expect(thrown).toBe(answers.at(-1));
      expect(thrown).toMatchObject({ message: 'name taken', cause: { name } });
    }
    expect(answers).toHaveLength(2);
    // A driver's own error gets its class, the application's exception around it stays.
    const bare = Object.assign(new Error('duplicate key'), { severity: 'ERROR', code: '23505' });
    const own = new ConflictException('name taken', { cause: bare });
    await expect(transactions.run(async () => await Promise.reject(own))).rejects.toBe(own);
    await expect(transactions.run(async () => await Promise.reject(bare))).rejects.toBeInstanceOf(
      DatabaseError,
    );
    expect(await stored()).toEqual(['books']);
  });

  it('runs everything inside on one connection', async () => {
    const pids = await transactions.run(async () => [
      await backend(),
      await transactions.run(backend),
      await backend(),
    ]);
    expect(new Set(pids).size).toBe(1);
  });

  it('hides uncommitted work from callers outside', async () => {
    await transactions.run(async () => {
      await categories.create(category('books'));
      expect(await stored()).toEqual([]);
      expect(await categories.count()).toBe(1);
    });
  });

  it('keeps concurrent transactions apart', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `c${String(index).padStart(2, '0')}`);
    const runs = names.map((name, index) =>
      transactions.run(
        async () => {
          await categories.create(category(name));
          await Promise.resolve();
          if (index % 2 === 1) throw new Error(name);
          expect(await prisma.category.count({ where: { name } })).toBe(1);
        },
        { maxWaitMs: 10_000, timeoutMs: 10_000 },
      ),
    );
    const results = await Promise.allSettled(runs);
    expect(results.map(({ status }) => status)).toEqual(
      names.map((_, index) => (index % 2 === 1 ? 'rejected' : 'fulfilled')),
    );
    expect(await stored()).toEqual(names.filter((_, index) => index % 2 === 0));
  });

  it('keeps a Prisma promise that is returned but not awaited inside', async () => {
    // Prisma's promises are lazy: handed out of the callback, this one would run after the commit (naive: committed
    // although the transaction was rolled back).
    const running = transactions.run(async () => {
      await transactions.run(() => prisma.category.create(category('lazy')));
      throw new Error('roll back');
    });
    await expect(running).rejects.toThrow('roll back');
    expect(await stored()).toEqual([]);
  });

  it('refuses a query that comes after the end instead of running it outside', async () => {
    let late: (() => Promise<unknown>) | undefined;
    let proceed: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (proceed = resolve));
    await transactions.run(async () => {
      await categories.create(category('books'));
      late = async () => {
        await ended;
        return await categories.create(category('late'));
      };
      late = late.bind(undefined);
      const pending = late();
      pending.catch(() => undefined);
      late = () => pending;
    });
    proceed();
    await expect(late?.()).rejects.toThrow(TransactionScopeClosedError);
    expect(await stored()).toEqual(['books']);
  });

  it('does not commit when a joined call failed, even though its caller caught the failure', async () => {
    const inner = new Error('inner');
    const running = transactions.run(async () => {
      await categories.create(category('books'));
      await transactions.run(() => Promise.reject(inner)).catch(() => undefined);
    });
    await expect(running).rejects.toThrow(UnexpectedRollbackError);
    await expect(running).rejects.toMatchObject({ cause: inner });
    expect(await stored()).toEqual([]);
  });

  it('honours the isolation level, and refuses to join with another one', async () => {
    const level = async () =>
      (await prisma.$queryRaw<{ transaction_isolation: string }[]>`SHOW transaction_isolation`)[0];
    await transactions.run(
      async () => {
        expect(await level()).toEqual({ transaction_isolation: 'serializable' });
        await transactions.run(level, { isolationLevel: 'Serializable' });
        const conflicting = transactions.run(level, { isolationLevel: 'ReadCommitted' });
        await expect(conflicting).rejects.toThrow(TransactionOptionsConflictError);
      },
      { isolationLevel: 'Serializable' },
    );
    expect(await transactions.run(level)).toEqual({ transaction_isolation: 'read committed' });
  });

  it('refuses to join with another time limit, which the joining call would not have, and runs nothing of it', async () => {
    await transactions.run(
      async () => {
        await transactions.run(() => categories.create(category('same')), { timeoutMs: 4_000 });
        const conflicting = transactions.run(() => categories.create(category('other')), { timeoutMs: 100 });
        await expect(conflicting).rejects.toMatchObject({
          code: 'TRANSACTION_OPTIONS_CONFLICT',
          option: 'timeoutMs',
          requested: '100 ms',
          actual: '4000 ms',
        });
      },
      { timeoutMs: 4_000 },
    );
    expect(await stored()).toEqual(['same']);
  });

  it('joins whatever maxWaitMs the joining call has, as that call waits for no connection', async () => {
    await transactions.run(() =>
      transactions.run(() => categories.create(category('books')), { maxWaitMs: 1 }),
    );
    expect(await stored()).toEqual(['books']);
  });

  it('refuses to join with a named isolation level where the running one is left to the server', async () => {
    const running = transactions.run(() =>
      transactions.run(() => Promise.resolve(), { isolationLevel: 'ReadCommitted' }),
    );
    await expect(running).rejects.toMatchObject({ actual: 'the default of the server' });
  });

  it('refuses options it does not know before it opens anything', async () => {
    const running = transactions.run(() => Promise.resolve(), { timeout: 5 } as never);
    await expect(running).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('rolls back when the time limit passes', async () => {
    const running = transactions.run(
      async () => {
        await categories.create(category('slow'));
        await prisma.$executeRaw`SELECT pg_sleep(0.3)`;
        await categories.count();
      },
      { timeoutMs: 100 },
    );
    await expect(running).rejects.toThrow();
    expect(await stored()).toEqual([]);
  });
});

describe('PrismaService.$transaction inside a transaction', () => {
  it('is a savepoint: its failure leaves the outer work alone', async () => {
    await transactions.run(async () => {
      await categories.create(category('outer'));
      const nested = prisma.$transaction(async (client) => {
        await client.category.create(category('inner'));
        throw new Error('inner fails');
      });
      await expect(nested).rejects.toThrow('inner fails');
    });
    expect(await stored()).toEqual(['outer']);
  });

  it('keeps an array of queries inside, which Prisma itself would commit on its own', async () => {
    const running = transactions.run(async () => {
      const results = await prisma.$transaction([
        prisma.category.create(category('a')),
        prisma.category.count(),
      ]);
      expect(results).toEqual([expect.objectContaining({ name: 'a' }), 1]);
      throw new Error('roll back');
    });
    await expect(running).rejects.toThrow('roll back');
    expect(await stored()).toEqual([]);
  });
});

describe('the options of PrismaService.$transaction inside a transaction', () => {
  // Naive: Prisma drops them for a savepoint, so that work believed to be Serializable is not.
  const nested = (how: 'function' | 'array', options: Record<string, unknown>) =>
    transactions.run(
      async () => {
        const inner =
          how === 'function'
            ? prisma.$transaction((client) => client.category.create(category('inner')), options)
            : prisma.$transaction([prisma.category.create(category('inner'))], options);
        await inner;
      },
      { isolationLevel: 'RepeatableRead', timeoutMs: 4_000 },
    );

  describe.each(['function', 'array'] as const)('given with a %s', (how) => {
    it.each([
      ['another isolation level', { isolationLevel: 'Serializable' }, 'isolationLevel'],
      ['another time limit', { timeout: 100 }, 'timeout'],
    ])('are refused when they ask for %s, and nothing is sent', async (_what, options, option) => {
      await expect(nested(how, options)).rejects.toMatchObject({
        code: 'TRANSACTION_OPTIONS_CONFLICT',
        option,
      });
      expect(await stored()).toEqual([]);
    });

    it('are refused when Prisma does not have them', async () => {
      await expect(nested(how, { timeoutMs: 4_000 })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        violations: [expect.objectContaining({ path: 'options.timeoutMs' })],
      });
      expect(await stored()).toEqual([]);
    });

    it('are accepted when they are those of the running transaction', async () => {
      await nested(how, { isolationLevel: 'RepeatableRead', timeout: 4_000, maxWait: 1 });
      expect(await stored()).toEqual(['inner']);
    });
  });

  it('name no isolation level where the running one is left to the server', async () => {
    const running = transactions.run(() =>
      prisma.$transaction([prisma.category.count()], { isolationLevel: 'ReadCommitted' }),
    );
    await expect(running).rejects.toMatchObject({ actual: 'the default of the server' });
  });
});

describe('PrismaService.$transaction outside a transaction', () => {
  it('behaves as Prisma does', async () => {
    await prisma.$transaction(async (client) => {
      await client.category.create(category('direct'));
    });
    await prisma.$transaction([prisma.category.create(category('array'))]);
    expect(await stored()).toEqual(['array', 'direct']);
  });
});
