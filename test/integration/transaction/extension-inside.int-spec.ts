/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { TransactionScopeClosedError, type ClientLike } from '../../../libs/database/src/index.js';
import { category, FaultBench } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
});
afterAll(() => database.drop());

const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
const refused = new Error('refused');

/** An application whose client is extended, for as long as `work` takes. */
async function withExtended(
  extend: (client: PrismaClient) => unknown,
  work: (bench: FaultBench) => Promise<void>,
): Promise<void> {
  const bench = await FaultBench.open({
    url: database.url,
    module: { extend: (client: ClientLike) => extend(client as PrismaClient) as ClientLike },
  });
  try {
    await work(bench);
  } finally {
    await bench.close();
  }
}

/** Prisma's own example for row-level security: the tenant is set in front of each query. */
const forTenant = (tenant: string) =>
  Prisma.defineExtension((client) =>
    client.$extends({
      query: {
        $allModels: {
          async $allOperations({ args, query }) {
            const [, result] = await client.$transaction([
              client.$executeRaw`SELECT set_config('app.tenant', ${tenant}, TRUE)`,
              query(args),
            ]);
            return result;
          },
        },
      },
    }),
  );

/** Writes a row of its own about each one that is created, with the client it was made of. */
const audited = (name: string) =>
  Prisma.defineExtension((client) =>
    client.$extends({
      query: {
        category: {
          async create({ args, query }) {
            const made = await query(args);
            const base = client as unknown as PrismaClient;
            await base.category.create(category(`${name} of ${args.data.name}`));
            return made;
          },
        },
      },
    }),
  );

describe('an extension that runs `$transaction([…])` on the client it was made of', () => {
  it('leaves its query outside of the transaction with a bare client', async () => {
    const bare = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) });
    const extended = bare.$extends(forTenant('mine'));
    const transaction = extended.$transaction(async (client) => {
      await client.category.create(category('outside'));
      throw refused;
    });
    // The escaped query counts as one of a transaction that has ended, or is stored: either way it is not inside.
    await expect(transaction).rejects.toThrow();
    const escaped = await stored();
    await bare.$disconnect();
    expect(escaped).toEqual(['outside']);
  });

  it('is part of the transaction it was called in, and sees what that has set', async () => {
    await withExtended(
      (client) => client.$extends(forTenant('mine')),
      async ({ transactions, prisma, db }) => {
        const lost = transactions.run(async () => {
          await prisma.category.create(category('inside'));
          const [row] = await db.query<{ tenant: string }>("SELECT current_setting('app.tenant') AS tenant");
          expect(row?.tenant).toBe('mine');
          expect(await prisma.category.count()).toBe(1);
          throw refused;
        });
        await expect(lost).rejects.toBe(refused);
        expect(await stored()).toEqual([]);
        await transactions.run(() => prisma.category.create(category('kept')));
        await prisma.category.create(category('alone'));
        expect(await stored()).toEqual(['alone', 'kept']);
      },
    );
  });

  it('is part of a nested part, and is taken back with it alone', async () => {
    await withExtended(
      (client) => client.$extends(forTenant('mine')),
      async ({ transactions, prisma }) => {
        await transactions.run(async () => {
          await prisma.category.create(category('outer'));
          const nested = transactions.run(
            async () => {
              await prisma.category.create(category('nested'));
              throw refused;
            },
            { propagation: 'NESTED' },
          );
          await expect(nested).rejects.toBe(refused);
        });
        expect(await stored()).toEqual(['outer']);
      },
    );
  });
});

describe('the client that an extension was made of', () => {
  it('writes inside of the transaction, without the extensions that came after it', async () => {
    await withExtended(
      (client) => client.$extends(audited('first')).$extends(audited('second')),
      async ({ transactions, prisma }) => {
        const lost = transactions.run(async () => {
          await prisma.category.create(category('lost'));
          throw refused;
        });
        await expect(lost).rejects.toBe(refused);
        expect(await stored()).toEqual([]);
        await transactions.run(() => prisma.category.create(category('a')));
        const inside = await stored();
        await database.query('TRUNCATE category CASCADE');
        await prisma.category.create(category('a'));
        // As without a transaction, where Prisma decides alone.
        expect(inside).toEqual(await stored());
        expect(inside).toContain('first of a');
      },
    );
  });

  it('hands a transaction of its own inside of the running one to its callback', async () => {
    await withExtended(
      (client) =>
        client.$extends({
          query: {
            category: {
              create: ({ args, query }) =>
                client.$transaction(async (tx) => {
                  await tx.category.create(category(`before ${args.data.name}`));
                  return await query(args);
                }),
            },
          },
        }),
      async ({ transactions, prisma }) => {
        const lost = transactions.run(async () => {
          await prisma.category.create(category('lost'));
          throw refused;
        });
        await expect(lost).rejects.toBe(refused);
        expect(await stored()).toEqual([]);
        await transactions.run(() => prisma.category.create(category('kept')));
        expect(await stored()).toEqual(['before kept', 'kept']);
      },
    );
  });

  it('is not kept waiting for a nested part that waits for the call it is used in', async () => {
    let hook: (() => Promise<unknown>) | undefined;
    await withExtended(
      (client) =>
        client.$extends({
          query: {
            category: {
              create: async ({ args, query }) => {
                await hook?.();
                await client.category.count();
                return await query(args);
              },
            },
          },
        }),
      async ({ transactions, prisma, db }) => {
        await transactions.run(async () => {
          await prisma.category.count();
          let begun: (() => void) | undefined;
          const isBegun = new Promise<void>((resolve) => (begun = resolve));
          // The nested part waits for the call by now.
          hook = async () => {
            begun?.();
            await new Promise(setImmediate);
            await db.query('SELECT 1');
          };
          const call = prisma.category.create(category('outer')).then(() => undefined);
          await isBegun;
          const nested = transactions.run(
            () => db.query("INSERT INTO category (name, slug) VALUES ('n', 'n')"),
            {
              propagation: 'NESTED',
            },
          );
          await Promise.all([call, nested]);
        });
        expect(await stored()).toEqual(['n', 'outer']);
      },
    );
  });
});

describe('two calls at the same time, of which one has a hook that runs a nested part', () => {
  const nesting = (client: PrismaClient) =>
    client.$extends({
      query: {
        category: {
          async create({ args, query }) {
            const [, result] = await client.$transaction([
              client.$executeRaw`SELECT set_config('app.tenant', 'mine', TRUE)`,
              query(args),
            ]);
            return result;
          },
        },
      },
    });

  it.each(['first', 'last'])(
    'keep what the other one has written when the nested part fails, asked for %s',
    async (place) => {
      await withExtended(nesting, async ({ transactions, prisma }) => {
        await database.query("INSERT INTO category (name, slug) VALUES ('dup', 'dup')");
        await database.query('TRUNCATE customer CASCADE');
        const fails = () => prisma.category.create(category('dup')).catch(() => 'failed');
        const goes = () =>
          prisma.customer.create({ data: { name: 'kept', email: 'kept' } }).then(() => 'stored');
        const answers = await transactions.run(() =>
          Promise.all(place === 'first' ? [fails(), goes()] : [goes(), fails()]),
        );
        expect(answers.sort()).toEqual(['failed', 'stored']);
        expect(await database.query("SELECT FROM customer WHERE name = 'kept'")).toHaveLength(1);
      });
    },
  );

  it('do not wait for each other when both have one', async () => {
    await withExtended(nesting, async ({ transactions, prisma }) => {
      await transactions.run(() =>
        Promise.all(['a', 'b', 'c'].map((name) => prisma.category.create(category(name)))),
      );
      expect(await stored()).toEqual(['a', 'b', 'c']);
    });
  });
});

describe('a client that an extension makes while the application runs', () => {
  it('changes nothing for the transactions that come after it', async () => {
    const hooked = Prisma.defineExtension((client) =>
      client
        .$extends({
          query: {
            category: {
              async create({ args, query }) {
                await (client as unknown as PrismaClient).category.count();
                return await query(args);
              },
            },
          },
        })
        .$extends({ client: { $forTenant: () => client.$extends({ name: 'tenant' }) } }),
    );
    await withExtended(
      (client) => client.$extends(hooked),
      async ({ transactions, prisma }) => {
        const write = (name: string) => transactions.run(() => prisma.category.create(category(name)));
        await write('before');
        (prisma as unknown as { $forTenant(): unknown }).$forTenant();
        await write('after');
        expect(await stored()).toEqual(['after', 'before']);
      },
    );
  });
});

describe('methods that an extension adds', () => {
  /** What the methods wait for before they write. */
  let pause = Promise.resolve();
  const withMethods = (client: PrismaClient) =>
    client.$extends({
      model: {
        category: {
          async put(name: string) {
            await pause;
            return await (Prisma.getExtensionContext(this) as unknown as PrismaClient['category']).create(
              category(name),
            );
          },
        },
      },
      client: {
        async putIt(name: string) {
          await pause;
          return await (this as unknown as PrismaClient).category.create(category(name));
        },
      },
    });
  type WithMethods = ReturnType<typeof withMethods>;
  const methodsOf = ({ prisma }: FaultBench) => {
    const client = prisma as unknown as WithMethods;
    return [(name: string) => client.category.put(name), (name: string) => client.putIt(name)];
  };

  it('write inside of the transaction they are called in, and outside where there is none', async () => {
    await withExtended(withMethods, async (bench) => {
      const [model, client] = methodsOf(bench);
      const lost = bench.transactions.run(async () => {
        await model!('lost');
        await client!('lost too');
        throw refused;
      });
      await expect(lost).rejects.toBe(refused);
      await model!('model');
      await client!('client');
      await bench.transactions.run(() => client!('inside'));
      expect(await stored()).toEqual(['client', 'inside', 'model']);
    });
  });

  it('find the client that theirs was made of inside of the transaction', async () => {
    const viaParent = (client: PrismaClient) =>
      client.$extends({
        model: {
          category: {
            async viaParent(name: string) {
              const { $parent } = Prisma.getExtensionContext(this) as unknown as { $parent: PrismaClient };
              await $parent.category.create(category(name));
            },
          },
        },
      });
    await withExtended(viaParent, async (bench) => {
      const { category: model } = bench.prisma as unknown as ReturnType<typeof viaParent>;
      await bench.transactions.run(async () => {
        let begun: (() => void) | undefined;
        const isBegun = new Promise<void>((resolve) => (begun = resolve));
        const nested = bench.transactions.run(
          async () => {
            await bench.db.query('SELECT 1');
            begun?.();
            await bench.db.query('SELECT pg_sleep(0.05)');
            throw refused;
          },
          { propagation: 'NESTED' },
        );
        await isBegun;
        await Promise.all([model.viaParent('beside'), expect(nested).rejects.toBe(refused)]);
      });
      expect(await stored()).toEqual(['beside']);
    });
  });

  it('are no part of a nested part beside them', async () => {
    await withExtended(withMethods, async (bench) => {
      await bench.transactions.run(async () => {
        const calls = methodsOf(bench).map((method, index) => method(`outer ${index}`));
        const nested = bench.transactions.run(
          async () => {
            await bench.db.query('SELECT 1');
            throw refused;
          },
          { propagation: 'NESTED' },
        );
        await Promise.all([...calls, expect(nested).rejects.toBe(refused)]);
      });
      expect(await stored()).toEqual(['outer 0', 'outer 1']);
    });
  });

  it('do not get out of a nested part that has ended', async () => {
    await withExtended(withMethods, async (bench) => {
      let late: Promise<unknown>[] = [];
      let goOn: (() => void) | undefined;
      pause = new Promise((resolve) => (goOn = resolve));
      await bench.transactions.run(async () => {
        const nested = bench.transactions.run(
          async () => {
            await bench.db.query('SELECT 1');
            late = methodsOf(bench).map((method) => method('late').catch((error: unknown) => error));
            throw refused;
          },
          { propagation: 'NESTED' },
        );
        await expect(nested).rejects.toBe(refused);
        goOn?.();
        for (const outcome of await Promise.all(late))
          expect(outcome).toBeInstanceOf(TransactionScopeClosedError);
      });
      expect(await stored()).toEqual([]);
    });
  });
});

describe('a hook that uses PrismaService while a nested part waits for its call', () => {
  it.each(['a query', 'a nested part'])('gets %s at once', async (what) => {
    let use: (() => Promise<unknown>) | undefined;
    await withExtended(
      (client) =>
        client.$extends({
          query: {
            category: {
              create: async ({ args, query }) => {
                await use?.();
                return await query(args);
              },
            },
          },
        }),
      async ({ transactions, prisma, db }) => {
        const sql = (name: string) => db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
        await transactions.run(async () => {
          await prisma.category.count();
          let begun: (() => void) | undefined;
          const isBegun = new Promise<void>((resolve) => (begun = resolve));
          use = async () => {
            begun?.();
            // The nested part beside it waits by now.
            await new Promise(setImmediate);
            if (what === 'a query') await prisma.category.count();
            else await transactions.run(() => sql('hook'), { propagation: 'NESTED' });
          };
          const call = prisma.category.create(category('outer')).then(() => undefined);
          await isBegun;
          await Promise.all([call, transactions.run(() => sql('nested'), { propagation: 'NESTED' })]);
        });
        expect(await stored()).toEqual(['nested', 'outer', ...(what === 'a query' ? [] : ['hook'])].sort());
      },
    );
  });
});
