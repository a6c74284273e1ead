/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import {
  cancelOnAbort,
  TRANSACTION_CHANNELS,
  TransactionTimeoutError,
  type Propagation,
  type TransactionEndEvent,
} from '../../../libs/database/src/index.js';
import { drop, silence } from '../../support/fault-proxy/index.js';
import { FAST, FaultBench, category, NOISE_MS } from '../../support/faults/fault-bench.js';
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
afterEach(async () => {
  await bench.close();
});
afterAll(async () => {
  await database.drop();
});

const write = (name: string) => bench.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
const within = <Result>(propagation: Propagation, work: () => Promise<Result>) =>
  bench.transactions.run(work, { propagation });
const no = () => {
  throw new Error('no');
};

describe('what runs beside a transaction', () => {
  it('takes nothing of its connection, so that Prisma inside stays inside', async () => {
    const running = bench.transactions.run(async () => {
      await write('outer');
      await within('NOT_SUPPORTED', () =>
        bench.prisma.$transaction((client) => client.category.create(category('beside'))),
      );
      await bench.prisma.category.create(category('prisma outer'));
      no();
    });
    await expect(running).rejects.toThrow('no');
    expect(await stored()).toEqual(['beside']);
  });

  it('streams on a connection of its own', async () => {
    await database.query("INSERT INTO category (name, slug) VALUES ('a', 'a')");
    const names = await bench.transactions.run(async () => {
      await write('b');
      return await within('NOT_SUPPORTED', async () => {
        const seen: string[] = [];
        for await (const { name } of bench.db.stream<{ name: string }>('SELECT name FROM category'))
          seen.push(name);
        return seen;
      });
    });
    expect(names).toEqual(['a']);
  });

  it('leaves hooks of an inner transaction out of the outer one', async () => {
    const running = bench.transactions.run(async () => {
      await within('REQUIRES_NEW', async () => {
        await write('inner');
        bench.transactions.afterCommit(() =>
          bench.prisma.$transaction((client) => client.category.create(category('hook'))),
        );
      });
      await bench.prisma.category.create(category('outer'));
      no();
    });
    await expect(running).rejects.toThrow('no');
    expect(await stored()).toEqual(['hook', 'inner']);
  });
});

describe('an unknown outcome of an inner transaction', () => {
  it('is not that of the outer one, which rolls back and is not repeated', async () => {
    const ends: TransactionEndEvent[] = [];
    const listen = (event: unknown) => ends.push(event as TransactionEndEvent);
    subscribe(TRANSACTION_CHANNELS.end, listen);
    const attempts: number[] = [];
    const fault = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cutOnReply' });
    const running = bench.transactions.run(
      async () => {
        attempts.push(bench.transactions.attempt);
        await write(`outer ${attempts.length}`);
        await within('REQUIRES_NEW', () => write(`inner ${attempts.length}`));
      },
      { verify: 'xid', name: 'outer' },
    );
    await bench.refusal(running, 'OUTCOME_UNKNOWN');
    unsubscribe(TRANSACTION_CHANNELS.end, listen);
    expect(fault.fired).toBe(1);
    expect(attempts).toEqual([1]);
    expect(await stored()).toEqual(['inner 1']);
    expect(ends.find(({ name }) => name === 'outer')?.outcome).toBe('rolled-back');
  });
});

describe('a nested part that begins while the outer one writes', () => {
  it.each([
    ['Database', () => write('outer')],
    ['Prisma', () => bench.prisma.category.create(category('outer'))],
    ['a repository', () => bench.categories.create(category('outer'))],
  ] as const)('does not take the write of %s with it when it fails', async (_by, outer) => {
    for (const warm of [false, true]) {
      await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
      await bench.transactions.run(async () => {
        if (warm) await bench.prisma.category.count();
        await Promise.all([outer(), within('NESTED', () => write('nested').then(no)).catch(() => undefined)]);
      });
      expect(await stored()).toEqual(['outer']);
    }
  });

  it('begins further in when the client of the outer one is used there', async () => {
    await bench.transactions.transaction(
      async (client) => {
        await client.$transaction(async () => {
          await client.$transaction(async (inner) => await inner.category.create(category('deep')));
        });
      },
      { timeoutMs: 1_500 },
    );
    expect(await stored()).toEqual(['deep']);
  });
});

describe('queries that were made outside', () => {
  it('are refused in an array of $transaction inside, where they would run outside', async () => {
    const outside = bench.prisma.category.create(category('outside'));
    const running = bench.transactions.run(() => bench.prisma.$transaction([outside]));
    await expect(running).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await stored()).toEqual([]);
  });
});

describe('a caller that has gone', () => {
  it('does not keep a COMMIT in doubt from being looked up, nor the hooks from their queries', async () => {
    const gone = new AbortController();
    const fault = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cutOnReply' });
    const counted: number[] = [];
    const running = cancelOnAbort(gone.signal, () =>
      bench.transactions.run(
        async () => {
          await write('kept');
          bench.transactions.afterCommit(async () => counted.push(Number(await bench.categories.count())));
        },
        { verify: 'xid' },
      ),
    );
    void fault.happened().then(() => {
      gone.abort(new Error('gone'));
    });
    await running;
    expect(counted).toEqual([1]);
    expect(await stored()).toEqual(['kept']);
  });
});

describe('several statements in one text', () => {
  it('are refused where one of them would end the transaction', async () => {
    const text = "INSERT INTO category (name, slug) VALUES ('a', 'a'); COMMIT";
    const running = bench.transactions.run(() => bench.prisma.$executeRawUnsafe(text));
    await bench.verdict(running, 'TRANSACTION_CONTROL');
    expect(await stored()).toEqual([]);
    const block = "DO $$ BEGIN INSERT INTO category (name, slug) VALUES ('b', 'b'); END $$";
    await bench.transactions.run(() => bench.prisma.$executeRawUnsafe(block));
    expect(await stored()).toEqual(['b']);
  });
});

describe('timeoutMs', () => {
  it('ends the wait for a connection as well', async () => {
    await bench.close();
    bench = await FaultBench.open({ url: database.url, module: { pool: { ...FAST.pool, max: 1 } } });
    let release: () => void = () => undefined;
    const held = bench.transactions.run(async () => {
      await bench.categories.count();
      await new Promise<void>((resolve) => (release = resolve));
    });
    while (release.length !== 1) await turn();
    const waiting = bench.transactions.run(() => bench.categories.count(), {
      timeoutMs: 150,
      maxWaitMs: 2_000,
    });
    const { error, tookMs } = await bench.failure(waiting);
    expect(error).toBeInstanceOf(TransactionTimeoutError);
    expect(tookMs).toBeLessThan(150 + NOISE_MS);
    release();
    await held;
  });

  it('does not leave a ROLLBACK to a silent server', async () => {
    const running = bench.transactions.run(async () => {
      await write('a');
      bench.proxy.add(drop());
      bench.proxy.add(silence());
      no();
    });
    const { tookMs } = await bench.failure(running);
    expect(tookMs).toBeLessThan(FAST.timeouts.graceMs + 500 + NOISE_MS);
  });
});
