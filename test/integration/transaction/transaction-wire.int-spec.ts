/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { TransactionControlError, type TransactionOptions } from '../../../libs/database/src/index.js';
import { FaultBench, category } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let bench: FaultBench;
let naive: PrismaClient;

beforeAll(async () => {
  database = await createTestDatabase();
  bench = await FaultBench.open({ url: database.url });
  naive = bench.naive();
  await Promise.all([bench.prisma.category.count(), naive.category.count()]);
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

const insert = (name: string) => bench.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
/** What a transaction costs in round trips. */
const cost = (work: () => Promise<unknown>, options?: TransactionOptions) =>
  bench.proxy.countRoundTrips(() => bench.transactions.run(work, options));

describe('the round trips of a transaction', () => {
  it('are none where it sends nothing; a bare client needs two', async () => {
    expect(await cost(() => Promise.resolve())).toBe(0);
    expect(await bench.proxy.countRoundTrips(() => naive.$transaction(() => Promise.resolve()))).toBe(2);
  });

  it('are one more than its statements through Database; a bare client needs two more', async () => {
    for (const count of [1, 3]) {
      const names = Array.from({ length: count }, (_, index) => `${count}-${index}`);
      const work = async () => {
        for (const name of names) await insert(name);
      };
      expect(await cost(work)).toBe(count + 1);
    }
    const builder = async () => {
      const from = () => bench.db.getQueryBuilder().from('category');
      await from().select('id').get();
      await from().where('name', '=', 'nobody').update({ slug: 'x' }).execute();
    };
    expect(await cost(builder)).toBe(3);
    const bare = () => naive.$transaction((client) => client.$executeRaw`SELECT 1`);
    expect(await bench.proxy.countRoundTrips(bare)).toBe(3);
  });

  it('are one more than its statements through Prisma', async () => {
    const work = async () => {
      await bench.prisma.category.create(category('a'));
      await bench.prisma.category.updateMany({ where: { name: 'a' }, data: { slug: 'b' } });
      await bench.categories.findMany({ where: { name: 'a' } });
    };
    expect(await cost(work)).toBe(4);
  });

  it('stay the same with isolation, read-only, settings, limits, and a way to ask for the outcome', async () => {
    const seen: unknown[] = [];
    const work = async () => {
      seen.push(
        ...(await bench.db.query(
          `SELECT current_setting('transaction_isolation') AS level, current_setting('transaction_read_only') AS "readOnly",
                  current_setting('app.tenant') AS tenant, current_setting('app.user') AS "user"`,
        )),
      );
    };
    const plain = await cost(() => bench.db.query('SELECT 1'));
    const options = {
      isolationLevel: 'Serializable',
      readOnly: true,
      settings: { 'app.tenant': `'; DROP TABLE category; --`, 'app.user': 'ann' },
      timeoutMs: 3_000,
    } as const;
    expect(await cost(work, options)).toBe(plain);
    expect(seen).toEqual([
      { level: 'serializable', readOnly: 'on', tenant: `'; DROP TABLE category; --`, user: 'ann' },
    ]);
    expect(await cost(() => insert('a'), { verify: 'xid' })).toBe(plain);
    const verify = () => Promise.resolve('unknown' as const);
    expect(await cost(() => insert('b'), { verify })).toBe(plain);
    expect(await stored()).toEqual(['a', 'b']);
  });

  it('stay the same with a nested part that is kept, and grow by one for one that is taken back', async () => {
    const nested = (work: () => Promise<unknown>) =>
      bench.transactions.run(async () => await work(), { propagation: 'NESTED' });
    const kept = await cost(async () => {
      await insert('a');
      await nested(() => insert('b'));
      await insert('c');
    });
    expect(kept).toBe(4);
    const takenBack = await cost(async () => {
      await insert('d');
      await nested(async () => {
        await insert('e');
        throw new Error('no');
      }).catch(() => undefined);
      await insert('f');
    });
    expect(takenBack).toBe(5);
    // One that sends nothing is nothing to the server.
    expect(await cost(() => nested(() => Promise.resolve()))).toBe(0);
    expect(await stored()).toEqual(['a', 'b', 'c', 'd', 'f']);
  });

  it('leaves the settings of a transaction with it', async () => {
    const read = () => bench.db.query("SELECT current_setting('app.tenant', true) AS tenant");
    await bench.transactions.run(() => read(), { settings: { 'app.tenant': 'one' } });
    for (let count = 0; count < 5; count++) expect((await read())[0]).not.toEqual({ tenant: 'one' });
  });
});

describe('a first statement that travels with BEGIN', () => {
  it('is not carried out where BEGIN is refused', async () => {
    const work = () => insert('a');
    const wrong = bench.transactions.run(work, { settings: { statement_timeout: 'soon' } });
    await expect(wrong).rejects.toMatchObject({ code: 'QUERY' });
    expect(await stored()).toEqual([]);
  });

  it('fails as it does alone, and the connection is used again', async () => {
    const before = await bench.backend();
    await bench.categories.create(category('a'));
    for (const work of [() => insert('a'), () => bench.categories.create(category('a'))]) {
      await expect(bench.transactions.run(async () => await work())).rejects.toMatchObject({
        code: 'UNIQUE_VIOLATION',
      });
    }
    expect(await bench.backend()).toBe(before);
  });

  it('may hold several statements', async () => {
    await bench.transactions.run(async () => {
      await bench.prisma.$executeRawUnsafe(
        `INSERT INTO category (name, slug) VALUES ('a', 'a'); INSERT INTO category (name, slug) VALUES ('b', 'b')`,
      );
    });
    expect(await stored()).toEqual(['a', 'b']);
  });
});

describe('a statement that would end the transaction', () => {
  const COMMANDS = [
    'COMMIT',
    'rollback',
    ' /* now */ END',
    '-- x\nABORT',
    'BEGIN',
    "PREPARE TRANSACTION 'x'",
  ];
  it.each(COMMANDS)(
    '%s is refused, through Database and through Prisma; a bare client goes on outside',
    async (sql) => {
      for (const send of [() => bench.db.query(sql), () => bench.prisma.$executeRawUnsafe(sql)]) {
        const work = async () => {
          await insert('a');
          await send();
        };
        const { error } = await bench.verdict(bench.transactions.run(work), 'TRANSACTION_CONTROL');
        expect(error).toBeInstanceOf(TransactionControlError);
      }
      expect(await stored()).toEqual([]);
    },
  );

  it('is refused as a call of the client as well: `$disconnect` would wait for the transaction that waits for it', async () => {
    const { error } = await bench.verdict(
      bench.transactions.run(async () => {
        await insert('a');
        await bench.prisma.$disconnect();
      }),
      'TRANSACTION_CONTROL',
    );
    expect(error).toBeInstanceOf(TransactionControlError);
    expect(await stored()).toEqual([]);
  });

  it('is none where it only goes back to a savepoint', async () => {
    await bench.transactions.run(async () => {
      await insert('a');
      await bench.db.query('SAVEPOINT mine');
      await insert('b');
      await bench.db.query('ROLLBACK TO SAVEPOINT mine');
      await bench.db.query('rollback work to mine');
    });
    expect(await stored()).toEqual(['a']);
  });
});

describe('parallel work in one transaction', () => {
  it('runs one statement after the other, without a warning of pg', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(warning.message);
    process.on('warning', listen);
    const names = Array.from({ length: 30 }, (_, index) => `c${String(index).padStart(2, '0')}`);
    await bench.transactions.run(async () => {
      await Promise.all(
        names.map((name, index) =>
          index % 2 === 0 ? insert(name) : bench.categories.create(category(name)),
        ),
      );
    });
    process.off('warning', listen);
    expect(await stored()).toEqual(names);
    expect(warnings.filter((text) => text.includes('pg@9'))).toEqual([]);
  });
});
