/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  TransactionDepthError,
  TransactionForbiddenError,
  TransactionOptionsConflictError,
  TransactionRequiredError,
  TransactionScopeClosedError,
  UnexpectedRollbackError,
  type Propagation,
  type TransactionManager,
} from '../../../libs/database/src/index.js';
import { FaultBench, category } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let bench: FaultBench;
let transactions: TransactionManager;

beforeAll(async () => {
  database = await createTestDatabase();
  bench = await FaultBench.open({ url: database.url });
  ({ transactions } = bench);
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

const insert = (name: string) => bench.categories.create(category(name));
const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
const backend = async () => {
  const [row] = await bench.db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return row?.pid;
};
const within = <Result>(propagation: Propagation, work: () => Promise<Result>) =>
  transactions.run(work, { propagation, name: propagation });
/** Whether the call runs on the connection of the transaction around it. */
const joins = (propagation: Propagation) =>
  transactions.run(async () => (await backend()) === (await within(propagation, backend)));

describe('inside of a transaction', () => {
  it.each(['REQUIRED', 'SUPPORTS', 'MANDATORY', 'NESTED'] as const)(
    '%s runs on its connection',
    async (each) => {
      expect(await joins(each)).toBe(true);
    },
  );

  it.each(['REQUIRES_NEW', 'NOT_SUPPORTED'] as const)('%s runs on another connection', async (each) => {
    expect(await joins(each)).toBe(false);
  });

  it('NEVER is refused, by name', async () => {
    const running = transactions.run(() => within('NEVER', backend), { name: 'orders.place' });
    await expect(running).rejects.toMatchObject({ transaction: 'orders.place', operation: 'NEVER' });
    await expect(running).rejects.toBeInstanceOf(TransactionForbiddenError);
  });

  it('REQUIRES_NEW stays when the outer one is rolled back, and the other way round', async () => {
    await transactions
      .run(async () => {
        await insert('outer');
        await within('REQUIRES_NEW', () => insert('inner'));
        throw new Error('no');
      })
      .catch(() => undefined);
    expect(await stored()).toEqual(['inner']);
    await transactions.run(async () => {
      await insert('second');
      await within('REQUIRES_NEW', async () => {
        await insert('third');
        throw new Error('no');
      }).catch(() => undefined);
    });
    expect(await stored()).toEqual(['inner', 'second']);
  });

  it('NOT_SUPPORTED commits at once', async () => {
    await transactions
      .run(async () => {
        await within('NOT_SUPPORTED', () => insert('kept'));
        throw new Error('no');
      })
      .catch(() => undefined);
    expect(await stored()).toEqual(['kept']);
  });
});

describe('outside of any transaction', () => {
  it('MANDATORY is refused, by name', async () => {
    await expect(within('MANDATORY', backend)).rejects.toMatchObject({ operation: 'MANDATORY' });
    await expect(within('MANDATORY', backend)).rejects.toBeInstanceOf(TransactionRequiredError);
  });

  it.each(['REQUIRED', 'REQUIRES_NEW', 'NESTED'] as const)('%s begins one', async (each) => {
    expect(await within(each, () => Promise.resolve(transactions.isActive()))).toBe(true);
    await within(each, async () => {
      await insert('lost');
      throw new Error('no');
    }).catch(() => undefined);
    expect(await stored()).toEqual([]);
  });

  it.each(['SUPPORTS', 'NOT_SUPPORTED', 'NEVER'] as const)('%s runs without one', async (each) => {
    expect(await within(each, () => Promise.resolve(transactions.isActive()))).toBe(false);
  });
});

describe('a nested part', () => {
  it('is taken back alone, after a refused statement as well', async () => {
    await transactions.run(async () => {
      await insert('a');
      const failed = within('NESTED', async () => {
        await insert('b');
        await insert('a');
      });
      await expect(failed).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' });
      await insert('c');
    });
    expect(await stored()).toEqual(['a', 'c']);
  });

  it('fails when a statement in it had failed and that was caught', async () => {
    await transactions.run(async () => {
      await insert('a');
      const swallowing = within('NESTED', async () => {
        await insert('b');
        await insert('a').catch(() => undefined);
      });
      await expect(swallowing).rejects.toBeInstanceOf(UnexpectedRollbackError);
    });
    expect(await stored()).toEqual(['a']);
  });

  it('waits for the one before it; a bare client refuses the second', async () => {
    const order: string[] = [];
    const part = (name: string, fails: boolean) =>
      within('NESTED', async () => {
        order.push(`${name} begins`);
        await insert(name);
        order.push(`${name} ends`);
        if (fails) throw new Error('no');
      });
    await transactions.run(async () => {
      await Promise.allSettled([part('a', false), part('b', true), part('c', false)]);
    });
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(await stored()).toEqual(['a', 'c']);
    const both = bench.naive().$transaction(async (client) => {
      await Promise.all([
        client.$transaction(() => Promise.resolve()),
        client.$transaction(() => Promise.resolve()),
      ]);
    });
    await expect(both).rejects.toThrow('Concurrent nested transactions');
  });

  it('keeps out what the outer part does meanwhile, through Prisma and through Database', async () => {
    await transactions.run(async () => {
      await insert('first');
      const nested = within('NESTED', async () => {
        await insert('nested');
        throw new Error('no');
      });
      const besides = [
        insert('repository'),
        bench.prisma.category.create(category('prisma')),
        bench.prisma.$executeRaw`INSERT INTO category (name, slug) VALUES ('raw', 'raw')`,
        bench.db.query("INSERT INTO category (name, slug) VALUES ('sql', 'sql')"),
      ];
      await expect(nested).rejects.toThrow('no');
      await Promise.all(besides);
    });
    expect(await stored()).toEqual(['first', 'prisma', 'raw', 'repository', 'sql']);
  });

  it('takes in a query of the outer part that it waits for itself', async () => {
    await transactions.run(async () => {
      const outer = bench.prisma.category.create(category('outer'));
      await within('NESTED', async () => {
        await outer;
      });
    });
    expect(await stored()).toEqual(['outer']);
  });

  it('lies no deeper than 16 levels', async () => {
    const dive = (levels: number): Promise<void> =>
      within('NESTED', () => (levels === 0 ? Promise.resolve() : dive(levels - 1)));
    await transactions.run(() => dive(15));
    await expect(transactions.run(() => dive(16))).rejects.toBeInstanceOf(TransactionDepthError);
  });

  it('is PrismaService.$transaction inside of a transaction, whose own client cannot escape either', async () => {
    await transactions
      .run(async () => {
        await bench.prisma.$transaction(async (client) => {
          await client.category.create(category('a'));
          await (client as typeof bench.prisma).$transaction([
            bench.prisma.category.create(category('b')),
            client.category.create(category('c')),
          ] as never);
        });
        throw new Error('no');
      })
      .catch(() => undefined);
    expect(await stored()).toEqual([]);

    // A bare client runs the array on a connection of its own, and commits it.
    const escaping = bench.naive().$transaction(async (client) => {
      const inside = client as typeof bench.prisma;
      await inside.$transaction([inside.category.create(category('escaped'))]);
      throw new Error('no');
    });
    await expect(escaping).rejects.toThrow('no');
    expect(await stored()).toEqual(['escaped']);
  });
});

describe('a call that joins', () => {
  it.each([
    [{ isolationLevel: 'Serializable' }, 'isolationLevel'],
    [{ readOnly: true }, 'readOnly'],
    [{ settings: { 'app.tenant': 'umbrella' } }, 'settings.app.tenant'],
    [{ timeoutMs: 77 }, 'timeoutMs'],
  ] as const)('is refused with %j, which the transaction does not have', async (options, option) => {
    const outer = { settings: { 'app.tenant': 'acme' } };
    for (const propagation of ['REQUIRED', 'NESTED'] as const) {
      const joining = () => transactions.run(backend, { ...options, propagation });
      const running = transactions.run(joining, outer);
      await expect(running).rejects.toBeInstanceOf(TransactionOptionsConflictError);
      await expect(running).rejects.toMatchObject({ option });
      await expect(running).rejects.not.toThrow(/acme|umbrella/);
    }
  });

  it('may repeat what the transaction has', async () => {
    const options = {
      readOnly: true,
      settings: { 'app.tenant': 'acme' },
      isolationLevel: 'Serializable',
    } as const;
    expect(await transactions.run(() => transactions.run(backend, options), options)).toBeGreaterThan(0);
  });

  it('forbids the commit when it fails and that is caught, and is named', async () => {
    const inner = () => transactions.run(() => Promise.reject(new Error('no')), { name: 'stock.reserve' });
    const running = transactions.run(async () => {
      await insert('a');
      await inner().catch(() => undefined);
    });
    await expect(running).rejects.toMatchObject({ code: 'UNEXPECTED_ROLLBACK', scope: 'stock.reserve' });
    await expect(running).rejects.toThrow('stock.reserve');
    expect(await stored()).toEqual([]);
  });
});

describe('setRollbackOnly', () => {
  it('rolls back and resolves with the result', async () => {
    const dryRun = transactions.run(async () => {
      await insert('a');
      transactions.setRollbackOnly();
      return await stored();
    });
    expect(await dryRun).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it('takes back a nested part alone', async () => {
    await transactions.run(async () => {
      await insert('a');
      const result = await within('NESTED', async () => {
        await insert('b');
        transactions.setRollbackOnly();
        return 'tried';
      });
      expect(result).toBe('tried');
    });
    expect(await stored()).toEqual(['a']);
  });

  it('of a call that has joined is a surprise to the outer one', async () => {
    const running = transactions.run(async () => {
      await insert('a');
      await transactions.run(
        () => {
          transactions.setRollbackOnly();
          return Promise.resolve();
        },
        { name: 'stock.check' },
      );
    });
    await expect(running).rejects.toMatchObject({ code: 'UNEXPECTED_ROLLBACK', scope: 'stock.check' });
    expect(await stored()).toEqual([]);
  });
});

describe('hooks', () => {
  it('are called in order after the commit, outside of the transaction, before run resolves', async () => {
    const calls: unknown[] = [];
    await transactions.run(async () => {
      transactions.afterCommit(async () => {
        calls.push('first', transactions.isActive(), await stored());
      });
      await transactions.run(() => {
        transactions.afterCommit(() => calls.push('joined'));
        return Promise.resolve();
      });
      transactions.afterRollback(() => calls.push('never'));
      await insert('a');
      calls.push('work');
    });
    expect(calls).toEqual(['work', 'first', false, ['a'], 'joined']);
  });

  it('of a nested part that is taken back are dropped, and those for a rollback called at the end', async () => {
    const calls: unknown[] = [];
    const failure = new Error('no');
    await transactions.run(async () => {
      await within('NESTED', () => {
        transactions.afterCommit(() => calls.push('never'));
        transactions.afterRollback((cause) => calls.push('taken back', cause));
        return Promise.reject(failure);
      }).catch(() => undefined);
      await within('NESTED', () => {
        transactions.afterCommit(() => calls.push('kept'));
        return Promise.resolve();
      });
      expect(calls).toEqual([]);
    });
    expect(calls).toEqual(['taken back', failure, 'kept']);
  });

  it('that fail are logged, keep no other from being called, and change nothing', async () => {
    const calls: string[] = [];
    const result = await transactions.run(
      async () => {
        transactions.afterCommit(() => Promise.reject(new Error('mail server away')));
        transactions.afterCommit(() => calls.push('second'));
        await insert('a');
        return 'done';
      },
      { name: 'orders.place' },
    );
    expect(result).toBe('done');
    expect(calls).toEqual(['second']);
    expect(await stored()).toEqual(['a']);
    expect(bench.logged.join('\n')).toMatch(
      /After the commit of transaction orders\.place.*mail server away/,
    );
  });

  it('are refused outside of any transaction, and after its end', async () => {
    expect(() => {
      transactions.afterCommit(() => undefined);
    }).toThrow(TransactionRequiredError);
    const refused = new Promise((resolve) => {
      void transactions.run(() => {
        setTimeout(() => {
          try {
            transactions.afterCommit(() => undefined);
          } catch (error) {
            resolve(error);
          }
        }, 20);
        return Promise.resolve();
      });
    });
    expect(await refused).toBeInstanceOf(TransactionScopeClosedError);
  });
});
