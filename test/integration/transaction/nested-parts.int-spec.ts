/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  InvalidOptionsError,
  TransactionScopeClosedError,
  TransactionTimeoutError,
  UnexpectedRollbackError,
  type Propagation,
} from '../../../libs/database/src/index.js';
import { category, FaultBench } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let bench: FaultBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
  bench = await FaultBench.open({ url: database.url });
});
afterEach(() => bench.close());
afterAll(() => database.drop());

const write = (name: string) => bench.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
const within = <Result>(propagation: Propagation, work: () => Promise<Result>) =>
  bench.transactions.run(work, { propagation });
const refused = new Error('refused');

describe('a statement of the outer part that is asked for between two nested ones', () => {
  it.each([
    ['SQL', () => write('outer')],
    ['Prisma', () => bench.prisma.category.create(category('outer')).then(() => undefined)],
  ])('is kept when the second one is taken back, through %s', async (_what, send) => {
    await bench.transactions.run(async () => {
      const first = within('NESTED', () => write('first'));
      const outer = send();
      const second = within('NESTED', async () => {
        await write('second');
        throw refused;
      });
      await Promise.all([first, outer, expect(second).rejects.toBe(refused)]);
    });
    expect(await stored()).toEqual(['first', 'outer']);
  });
});

describe('a nested part that fails while a call of it is under way', () => {
  it.each([
    ['that has not begun', false],
    ['that has begun', true],
  ])('takes the call back with it, with a client %s', async (_what, begun) => {
    await bench.transactions.run(async () => {
      if (begun) await bench.prisma.category.count();
      const half = within('NESTED', () =>
        Promise.all([bench.prisma.category.create(category('half')), Promise.reject(refused)]),
      );
      await expect(half).rejects.toBe(refused);
      await write('outer');
    });
    expect(await stored()).toEqual(['outer']);
  });

  it('lets nothing in that comes after its end, through whichever client', async () => {
    const late: Promise<unknown>[] = [];
    await bench.transactions.executeTransaction(async (client) => {
      const tx = client as unknown as PrismaClient;
      await tx.category.count();
      let end: (() => void) | undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const part = within('NESTED', () => {
        const after = (work: () => Promise<unknown>) =>
          ended.then(work).then(
            () => 'stored',
            (error: unknown) => error,
          );
        late.push(
          after(() => tx.$transaction((nested) => nested.category.create(category('late')))),
          after(() => tx.category.create(category('plain'))),
          after(() => write('sql')),
          after(() => within('NESTED', () => write('nested'))),
        );
        return Promise.reject(refused);
      });
      await expect(part).rejects.toBe(refused);
      end?.();
      await Promise.all(late);
    });
    for (const outcome of await Promise.all(late))
      expect(outcome).toBeInstanceOf(TransactionScopeClosedError);
    expect(await stored()).toEqual([]);
  });
});

describe('a nested part that is still running when the whole ends', () => {
  it.each([
    ['by its time limit', { timeoutMs: 300 }, TransactionTimeoutError],
    ['as the outer work has failed', {}, Error],
  ])('%s, has its rollback hooks called once, before those of the whole', async (how, options, kind) => {
    const called: unknown[] = [];
    const hook = (name: string) => {
      bench.transactions.afterRollback((cause) => called.push([name, cause instanceof kind]));
    };
    let end: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    let nested: Promise<unknown> | undefined;
    const whole = bench.transactions.run(async () => {
      hook('outer');
      let begun: (() => void) | undefined;
      const isBegun = new Promise<void>((resolve) => (begun = resolve));
      nested = within('NESTED', async () => {
        hook('nested');
        await within('NESTED', async () => {
          hook('innermost');
          await write('lost');
          begun?.();
          await ended;
        });
      }).catch((error: unknown) => error);
      await isBegun;
      if (how.startsWith('as')) throw refused;
      await nested;
    }, options);
    await expect(whole).rejects.toThrow(kind);
    const expected = [['innermost', true], ['nested', true], ['outer', true]]; // prettier-ignore
    expect(called).toEqual(expected);
    end?.();
    expect(await nested).toBeInstanceOf(Error);
    expect(called).toEqual(expected);
    expect(await stored()).toEqual([]);
  });

  it('may be waited for by any number of statements, without a warning', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => void warnings.push(message);
    process.on('warning', note);
    await bench.transactions.run(async () => {
      const nested = within('NESTED', () => bench.db.query('SELECT pg_sleep(0.05)'));
      await Promise.all(Array.from({ length: 40 }, (_, index) => write(`waiting ${index}`)));
      await nested;
    });
    // Warnings come in a turn of their own.
    await new Promise(setImmediate);
    process.off('warning', note);
    expect(warnings).toEqual([]);
    expect(await stored()).toHaveLength(40);
  });

  it('keeps no statement of the outer part waiting beyond the time limit', async () => {
    let end: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const waiting: Promise<unknown>[] = [];
    let nested: Promise<unknown> | undefined;
    const whole = bench.transactions.run(
      async () => {
        await bench.prisma.category.count();
        nested = within('NESTED', () => ended);
        const failed = (error: unknown) => error;
        waiting.push(write('sql').then(failed, failed));
        waiting.push(bench.prisma.category.create(category('prisma')).then(failed, failed));
        await nested;
      },
      { timeoutMs: 300 },
    );
    await expect(whole).rejects.toThrow(TransactionTimeoutError);
    for (const outcome of await Promise.all(waiting)) expect(outcome).toBeInstanceOf(TransactionTimeoutError);
    end?.();
    await expect(nested).rejects.toThrow();
    expect(await stored()).toEqual([]);
  });
});

describe('a call that has joined, and that nobody awaits', () => {
  it('is waited for before COMMIT, which would take half of it', async () => {
    let late: Promise<unknown> | undefined;
    await bench.transactions.run(async () => {
      late = within('REQUIRED', async () => {
        await write('half');
        await new Promise(setImmediate);
        await write('other half');
      });
      await write('main');
    });
    await late;
    expect(await stored()).toEqual(['half', 'main', 'other half']);
  });

  it.each([0, 1, 2, 3])(
    'is refused whole when it comes too late, %s turns after another one',
    async (turns) => {
      let late: Promise<unknown> | undefined;
      await bench.transactions.run(async () => {
        await write('main');
        late = (async () => {
          await within('REQUIRED', () => write('a'));
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          await within('REQUIRED', async () => {
            await write('b1');
            await write('b2');
          });
        })().catch((error: unknown) => error);
      });
      await late;
      expect([
        ['a', 'main'],
        ['a', 'b1', 'b2', 'main'],
      ]).toContainEqual(await stored());
    },
  );

  it('rolls the whole back when it fails', async () => {
    let late: Promise<unknown> | undefined;
    const whole = bench.transactions.run(async () => {
      late = within('REQUIRED', async () => {
        await write('half');
        await new Promise(setImmediate);
        throw refused;
      }).catch((error: unknown) => error);
      await write('main');
    });
    await expect(whole).rejects.toThrow(UnexpectedRollbackError);
    expect(await late).toBe(refused);
    expect(await stored()).toEqual([]);
  });
});

describe('an extension of the client whose hook runs a nested part', () => {
  it.each(['transactions.run', 'prisma.$transaction'])(
    'has it run, by %s, and waits for nobody who waits for it',
    async (how) => {
      let audit: (() => Promise<unknown>) | undefined;
      const extended = await FaultBench.open({
        url: database.url,
        module: {
          extend: (client) =>
            (client as PrismaClient).$extends({
              query: {
                category: {
                  create: async ({ args, query }) => {
                    const once = audit;
                    audit = undefined;
                    await once?.();
                    return await query(args);
                  },
                },
              },
            }),
        },
      });
      const row = "INSERT INTO category (name, slug) VALUES ('audit', 'audit')";
      audit = () =>
        how === 'transactions.run'
          ? extended.transactions.run(() => extended.db.query(row), { propagation: 'NESTED' })
          : extended.prisma.$transaction(() => extended.db.query(row));
      await extended.transactions.run(async () => {
        await extended.prisma.category.create(category('made'));
      });
      await extended.close();
      expect(await stored()).toEqual(['audit', 'made']);
    },
  );
});

describe('a query that was made inside of a transaction', () => {
  it('is refused by `$transaction([…])` outside of it, beside it and after it', async () => {
    const beside = bench.transactions.run(async () => {
      const query = bench.prisma.category.create(category('beside'));
      await within('NOT_SUPPORTED', () => bench.prisma.$transaction([query]));
    });
    await expect(beside).rejects.toThrow(InvalidOptionsError);
    const made = await bench.transactions.run(() => {
      const query = bench.prisma.category.create(category('after'));
      return Promise.resolve(() => query);
    });
    await expect(bench.prisma.$transaction([made()])).rejects.toThrow(InvalidOptionsError);
    expect(await stored()).toEqual([]);
  });
});

describe('a value that pg cannot encode', () => {
  it('fails its statement, which pg itself reports as done, and leaves the connection as it was', async () => {
    const values = [{ cents: 100n }];
    const sql = 'INSERT INTO category (name, slug) VALUES ($1, $1)';
    await expect(bench.db.pg.query(sql, values)).rejects.toMatchObject({ code: 'QUERY' });
    const before = await bench.backend();
    const inside = bench.transactions.run(async () => {
      await bench.db.pg.query(sql, values);
    });
    await expect(inside).rejects.toMatchObject({ code: 'QUERY' });
    expect(await bench.backend()).toBe(before);
    expect(await stored()).toEqual([]);
  });

  it('and a statement that pg refuses to send, fail at once and not for the silence of the server', async () => {
    await bench.transactions.run(async () => {
      await bench.db.pg.query({ name: 'taken', text: 'SELECT 1' });
      await bench.db.pg.query({ name: 'taken', text: 'SELECT 1' });
      await expect(bench.db.pg.query({ name: 'taken', text: 'SELECT 2' })).rejects.toMatchObject({
        code: 'QUERY',
      });
      await write('goes on');
    });
    await expect(bench.db.pg.query({} as never)).rejects.toThrow(InvalidOptionsError);
    expect(await stored()).toEqual(['goes on']);
  });
});
