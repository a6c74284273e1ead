/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ConflictException } from '@nestjs/common';
import type { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  TRANSACTION_CHANNELS,
  translateError,
  type TransactionOptions,
} from '../../../libs/database/src/index.js';
import { category, FaultBench } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { TransactionLog } from '../../support/transaction-log.js';

jest.setTimeout(30_000);

let database: TestDatabase;
let bench: FaultBench;
let naive: PrismaClient;
let log: TransactionLog;

beforeAll(async () => {
  database = await createTestDatabase();
  // The server looks for a deadlock after a second otherwise, which is longer than the bench waits for a lock.
  await database.query(`ALTER DATABASE ${database.name} SET deadlock_timeout = '30ms'`);
  // A value that anybody may write to any row.
  await database.query('DROP INDEX category_slug_key');
  bench = await FaultBench.open({ url: database.url });
  naive = bench.naive();
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
  await database.query("INSERT INTO category (name, slug) VALUES ('a', '0'), ('b', '0')");
  log = new TransactionLog();
});
afterEach(() => {
  log.close();
  jest.restoreAllMocks();
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

const slugs = async () =>
  (await database.query<{ slug: string }>('SELECT slug FROM category ORDER BY name')).map(({ slug }) => slug);

/** The means by which the application, or a bare client, changes a row. */
interface Hand {
  read(name: string): Promise<unknown>;
  write(name: string, slug: string): Promise<unknown>;
}
type Client = Pick<PrismaClient, 'category' | '$queryRaw' | '$executeRaw'>;
const model = (client: Client): Hand => ({
  read: (name) => client.category.findUnique({ where: { name } }),
  write: (name, slug) => client.category.update({ where: { name }, data: { slug } }),
});
const raw = (client: Client): Hand => ({
  read: (name) => client.$queryRaw`SELECT slug FROM category WHERE name = ${name}`,
  write: (name, slug) => client.$executeRaw`UPDATE category SET slug = ${slug} WHERE name = ${name}`,
});
const sql: Hand = {
  read: (name) => bench.db.query('SELECT slug FROM category WHERE name = $1', [name]),
  write: (name, slug) => bench.db.query('UPDATE category SET slug = $2 WHERE name = $1', [name, slug]),
};
const HANDS = [
  ['the model API', () => model(bench.prisma)],
  ['raw SQL of Prisma', () => raw(bench.prisma)],
  ['Database', () => sql],
] as const;

/** Somebody else changes the row after it was read and before it is written: the write cannot be serialised. */
async function overtaken(hand: Hand, slug: string, isFirst: boolean): Promise<void> {
  await hand.read('a');
  if (isFirst) await database.query("UPDATE category SET slug = 'other' WHERE name = 'a'");
  await hand.write('a', slug);
}

/** Each of two has what the other wants, in the first attempt. */
function crosswise(): (hand: Hand, mine: string, others: string, isFirst: boolean) => Promise<void> {
  let here = 0;
  let open: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (open = resolve));
  return async (hand, mine, others, isFirst) => {
    await hand.write(mine, `${mine}-by-${mine}`);
    here += 1;
    if (here === 2) open();
    if (isFirst) await both;
    await hand.write(others, `${others}-by-${mine}`);
  };
}

/** Reads both and writes one; somebody else has done the same for the other one, and has committed first. */
async function skewed(hand: Hand, isFirst: boolean): Promise<void> {
  await hand.read('a');
  await hand.read('b');
  await hand.write('a', 'skewed');
  if (!isFirst) return;
  await database.query(
    `BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT slug FROM category; UPDATE category SET slug = 'other' WHERE name = 'b'; COMMIT`,
  );
}

const REPEATABLE = { isolationLevel: 'RepeatableRead' } as const;
const SERIALIZABLE = { isolationLevel: 'Serializable' } as const;
const isFirst = () => bench.transactions.attempt === 1;

describe('what PostgreSQL rolls back for the sake of another transaction', () => {
  it.each(HANDS)('is repeated when a write by %s cannot be serialised', async (_name, hand) => {
    await bench.transactions.run(() => overtaken(hand(), 'mine', isFirst()), REPEATABLE);
    expect(await slugs()).toEqual(['mine', '0']);
    expect(log.codes).toEqual(['SERIALIZATION_FAILURE']);
    expect(log.retries).toHaveLength(1);
  });

  it.each(HANDS)('is repeated when COMMIT cannot be serialised after work by %s', async (_name, hand) => {
    await bench.transactions.run(() => skewed(hand(), isFirst()), SERIALIZABLE);
    expect(await slugs()).toEqual(['skewed', 'other']);
    expect(log.codes).toEqual(['SERIALIZATION_FAILURE']);
    expect(log.retries).toHaveLength(1);
    expect(log.retries[0]!.error).toMatchObject({ message: expect.stringContaining('COMMIT') });
  });

  it.each(HANDS)('is repeated when it was in a deadlock by %s', async (_name, hand) => {
    const cross = crosswise();
    await Promise.all([
      bench.transactions.run(() => cross(hand(), 'a', 'b', isFirst())),
      bench.transactions.run(() => cross(hand(), 'b', 'a', isFirst())),
    ]);
    const [a, b] = await slugs();
    // Both rows by the same one: whichever came last.
    expect(a!.at(-1)).toBe(b!.at(-1));
    expect(log.codes).toEqual(['DEADLOCK']);
    expect(log.committed).toBe(2);
  });

  it('has another shape each time in a bare client, that repeats nothing: P2034, P2010, and no code at all', async () => {
    const shapes: unknown[] = [];
    const note = async (work: (client: Client) => Promise<void>, options: { isolationLevel: any }) => {
      const { error } = await bench.failure(naive.$transaction(work, options));
      shapes.push([error.name, error.code]);
      expect(translateError(error).code).toBe('SERIALIZATION_FAILURE');
    };
    await note((client) => overtaken(model(client), 'mine', true), REPEATABLE);
    await note((client) => overtaken(raw(client), 'mine', true), REPEATABLE);
    await note((client) => skewed(model(client), true), SERIALIZABLE);
    expect(shapes).toEqual([
      ['PrismaClientKnownRequestError', 'P2034'],
      ['PrismaClientKnownRequestError', 'P2010'],
      ['DriverAdapterError', undefined],
    ]);
    expect(await slugs()).toEqual(['other', 'other']);
  });

  it('has two shapes for a deadlock in a bare client', async () => {
    const shapes: unknown[] = [];
    for (const hand of [model, raw]) {
      const cross = crosswise();
      const results = await Promise.allSettled([
        naive.$transaction((client) => cross(hand(client), 'a', 'b', true)),
        naive.$transaction((client) => cross(hand(client), 'b', 'a', true)),
      ]);
      const failed = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      shapes.push((failed.reason as { code?: string }).code);
    }
    expect(shapes).toEqual(['P2034', 'P2010']);
  });
});

/** Cannot be serialised, however often it is repeated. */
async function alwaysOvertaken(): Promise<void> {
  await sql.read('a');
  await database.query("UPDATE category SET slug = slug || 'x' WHERE name = 'a'");
  await sql.write('a', 'mine');
}

describe('a failure that the work answers with an exception of its own', () => {
  it('is repeated where the exception names the failure as its cause, and the exception is thrown in the end', async () => {
    let answers = 0;
    const work = () =>
      alwaysOvertaken().catch((cause: unknown) => {
        answers += 1;
        throw new ConflictException(`answer ${answers}`, { cause });
      });
    const { error } = await bench.failure(bench.transactions.run(work, REPEATABLE));
    expect(error).toBeInstanceOf(ConflictException);
    expect(error.message).toBe('answer 3');
    expect(log.retries).toHaveLength(2);
  });

  it('is not repeated where it hides the failure, which is a decision of the work', async () => {
    const work = () =>
      alwaysOvertaken().catch(() => {
        throw new ConflictException('somebody was faster');
      });
    const { error } = await bench.failure(bench.transactions.run(work, REPEATABLE));
    expect(error).toBeInstanceOf(ConflictException);
    expect(log.retries).toEqual([]);
  });

  it('is repeated where the work swallows it, as PostgreSQL has rolled back all the same', async () => {
    await bench.transactions.run(() => overtaken(sql, 'mine', isFirst()).catch(() => undefined), REPEATABLE);
    expect(await slugs()).toEqual(['mine', '0']);
    expect(log.retries).toHaveLength(1);
  });

  it('is repeated where a joined call has failed of it and its caller swallows that', async () => {
    await bench.transactions.run(async () => {
      await bench.transactions.run(() => overtaken(sql, 'mine', isFirst())).catch(() => undefined);
    }, REPEATABLE);
    expect(await slugs()).toEqual(['mine', '0']);
    expect(log.retries).toHaveLength(1);
  });
});

describe('the repetition', () => {
  it.each(['REQUIRED', 'NESTED', 'SUPPORTS', 'MANDATORY'] as const)(
    'is the affair of the call that began: a %s call inside is not repeated alone',
    async (propagation) => {
      const calls: string[] = [];
      await bench.transactions.run(async () => {
        calls.push('outer');
        await bench.transactions.run(
          () => {
            calls.push('inner');
            return overtaken(sql, 'mine', isFirst());
          },
          { propagation, retry: { attempts: 50 } },
        );
      }, REPEATABLE);
      expect(calls).toEqual(['outer', 'inner', 'outer', 'inner']);
      expect(await slugs()).toEqual(['mine', '0']);
    },
  );

  it('is of the inner transaction alone where that is one of its own (REQUIRES_NEW)', async () => {
    const calls: string[] = [];
    await bench.transactions.run(async () => {
      calls.push('outer');
      await sql.write('b', 'outer');
      await bench.transactions.run(
        () => {
          calls.push('inner');
          return overtaken(sql, 'mine', isFirst());
        },
        { propagation: 'REQUIRES_NEW', ...REPEATABLE },
      );
    });
    expect(calls).toEqual(['outer', 'inner', 'inner']);
    expect(await slugs()).toEqual(['mine', 'outer']);
  });

  it('begins from nothing: what the failed attempt wrote is gone, and its hooks are not called after the commit', async () => {
    const called: string[] = [];
    await bench.transactions.run(async () => {
      const { attempt } = bench.transactions;
      bench.transactions.afterCommit(() => void called.push(`commit ${attempt}`));
      bench.transactions.afterRollback(() => void called.push(`rollback ${attempt}`));
      await bench.prisma.category.create(category(`attempt ${attempt}`));
      await overtaken(sql, 'mine', isFirst());
    }, REPEATABLE);
    expect(called).toEqual(['rollback 1', 'commit 2']);
    const names = await database.query<{ name: string }>('SELECT name FROM category ORDER BY name');
    expect(names.map(({ name }) => name)).toEqual(['a', 'attempt 2', 'b']);
  });

  it('does not come after sideEffect(), also where that was said by a joined call', async () => {
    for (const say of [
      () => Promise.resolve(bench.transactions.sideEffect()),
      () => bench.transactions.run(() => Promise.resolve(bench.transactions.sideEffect())),
    ]) {
      const running = bench.transactions.run(async () => {
        await say();
        await alwaysOvertaken();
      }, REPEATABLE);
      const { error } = await bench.refusal(running, 'SERIALIZATION_FAILURE');
      expect(error).toMatchObject({ attempts: 1, retryable: true, outcome: 'not-applied' });
    }
    expect(log.retries).toEqual([]);
  });

  it('does not come for a failure that another attempt would meet again', async () => {
    let calls = 0;
    const running = bench.transactions.run(async () => {
      calls += 1;
      await bench.categories.create(category('a'));
    });
    await bench.refusal(running, 'UNIQUE_VIOLATION');
    expect(calls).toBe(1);
  });

  it.each([
    [3, undefined],
    [1, false],
    [5, { attempts: 5, initialDelayMs: 1 }],
  ] as const)('ends after %i attempts (retry: %j), and the error says how many', async (attempts, retry) => {
    const options: TransactionOptions = { ...REPEATABLE, ...(retry !== undefined && { retry }) };
    const { error } = await bench.refusal(
      bench.transactions.run(alwaysOvertaken, options),
      'SERIALIZATION_FAILURE',
    );
    expect(error).toMatchObject({ attempts });
    expect(log.retries).toHaveLength(attempts - 1);
    expect(log.ends.map(({ attempt }) => attempt)).toEqual(Array.from({ length: attempts }, (_, i) => i + 1));
  });

  it('ends with its deadline, however many attempts are left', async () => {
    const retry = { attempts: 100, initialDelayMs: 0, deadlineMs: 800 };
    const { error, tookMs } = await bench.refusal(
      bench.transactions.run(alwaysOvertaken, { ...REPEATABLE, retry }),
      'SERIALIZATION_FAILURE',
    );
    expect(error.attempts).toBeGreaterThan(1);
    expect(error.attempts).toBeLessThan(100);
    // No attempt begins later than the deadline; the last one has the time limit of a transaction.
    expect(tookMs).toBeLessThan(800 + 4_000);
  });

  it('comes after a pause of full jitter, whose limit doubles up to a maximum', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const retry = { attempts: 6, initialDelayMs: 4, maxDelayMs: 20 };
    await bench.refusal(
      bench.transactions.run(alwaysOvertaken, { ...REPEATABLE, retry }),
      'SERIALIZATION_FAILURE',
    );
    expect(log.retries.map(({ delayMs }) => delayMs)).toEqual([4, 8, 16, 20, 20]);
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    await bench.refusal(
      bench.transactions.run(alwaysOvertaken, { ...REPEATABLE, retry: { attempts: 2, initialDelayMs: 4 } }),
      'SERIALIZATION_FAILURE',
    );
    expect(log.retries.at(-1)!.delayMs).toBe(2);
  });
});

describe('a failure of the work that is its own cause', () => {
  it('is passed on as it is', async () => {
    const failure = new Error('domain');
    failure.cause = failure;
    await expect(bench.transactions.run(() => Promise.reject(failure))).rejects.toBe(failure);
  });
});

describe('a transaction of its own inside of another one', () => {
  const conflict = () => bench.db.query("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$");
  const count = async (options: TransactionOptions, inner: () => Promise<unknown> = conflict) => {
    let calls = 0;
    const outer = bench.transactions.run(async () => {
      await bench.db.query('SELECT 1');
      await bench.transactions.run(
        async () => {
          calls += 1;
          await inner();
        },
        { propagation: 'REQUIRES_NEW', ...options },
      );
    });
    await expect(outer).rejects.toMatchObject({ code: 'SERIALIZATION_FAILURE' });
    return calls;
  };

  it('is repeated as often as it says itself, and not once more for each repetition of the outer one', async () => {
    expect(await count({})).toBe(3);
    expect(await count({ retry: false })).toBe(1);
  });

  it('is not begun again after its side effect, by nobody', async () => {
    const paid = count({}, async () => {
      bench.transactions.sideEffect();
      await conflict();
    });
    expect(await paid).toBe(1);
  });

  it('keeps the outer one from being repeated once it has had a side effect, also when it was committed', async () => {
    let paid = 0;
    const outer = bench.transactions.run(async () => {
      await bench.transactions.run(
        () => {
          bench.transactions.sideEffect();
          paid += 1;
          return Promise.resolve();
        },
        { propagation: 'REQUIRES_NEW' },
      );
      await conflict();
    });
    await expect(outer).rejects.toMatchObject({ code: 'SERIALIZATION_FAILURE' });
    expect(paid).toBe(1);
  });

  it('or a statement outside of it, that fails, is none of the outer one that has lost nothing', async () => {
    let calls = 0;
    const outer = bench.transactions.run(async () => {
      calls += 1;
      await bench.db.query('SELECT 1');
      await bench.transactions.run(conflict, { propagation: 'NOT_SUPPORTED' });
    });
    await expect(outer).rejects.toMatchObject({ code: 'SERIALIZATION_FAILURE' });
    expect(calls).toBe(1);
  });
});

describe('transactions that fail each time', () => {
  it('are repeated within the budget that they share, and fail at once beyond it', async () => {
    const tight = await FaultBench.open({
      url: database.url,
      module: {
        transaction: { retryBudget: { percent: 10, minPerSecond: 1 }, retry: { initialDelayMs: 1 } },
      },
    });
    let refused = 0;
    const count = () => void (refused += 1);
    subscribe(TRANSACTION_CHANNELS.retryRefused, count);
    const failures: { attempts?: number }[] = [];
    for (let call = 0; call < 30; call += 1) {
      const conflict = tight.transactions.run(() => overtaken(model(tight.prisma), 'mine', true), REPEATABLE);
      const { error } = await tight.failure(conflict);
      expect(error.code).toBe('SERIALIZATION_FAILURE');
      failures.push(error);
    }
    unsubscribe(TRANSACTION_CHANNELS.retryRefused, count);
    await tight.close();
    // One a second over ten seconds, however often each one may be repeated.
    expect(log.retries).toHaveLength(10);
    expect(failures.filter(({ attempts }) => attempts === 3)).toHaveLength(5);
    expect(refused).toBe(25);
  });
});
