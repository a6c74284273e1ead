/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { TransactionScopeClosedError } from '../../../libs/database/src/index.js';
import { category, FaultBench, held } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let bench: FaultBench;
let naive: PrismaClient;

beforeAll(async () => {
  database = await createTestDatabase();
  bench = await FaultBench.open({ url: database.url });
  naive = bench.naive();
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
const create = (name: string) => bench.categories.create(category(name));
const insert = (name: string) => bench.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);

class RollBack extends Error {}

/** Runs `work` in a transaction that is rolled back: whatever is stored afterwards has escaped from it. */
async function rolledBack(work: () => Promise<unknown>): Promise<string[]> {
  const running = bench.transactions.run(async () => {
    await work();
    throw new RollBack();
  });
  await expect(running).rejects.toBeInstanceOf(RollBack);
  return await stored();
}

describe('work that a transaction has started in a roundabout way is part of it', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'Promise.all',
      () => Promise.all([create('a'), insert('b'), bench.prisma.category.create(category('c'))]),
    ],
    ['Promise.allSettled', () => Promise.allSettled([create('a'), insert('b')])],
    [
      'a callback of a timer',
      () => new Promise((resolve, reject) => setTimeout(() => void create('timer').then(resolve, reject), 1)),
    ],
    [
      'a callback of setImmediate, of nextTick and of a microtask',
      () =>
        Promise.all(
          [setImmediate, process.nextTick, queueMicrotask].map(
            (defer, index) =>
              new Promise((resolve, reject) => defer(() => void create(`${index}`).then(resolve, reject))),
          ),
        ),
    ],
    [
      'a stream that was made inside',
      () =>
        pipeline(Readable.from(['a', 'b', 'c']), async (names: AsyncIterable<string>) => {
          for await (const name of names) await create(name);
        }),
    ],
    [
      'a listener that was registered inside',
      async () => {
        const emitter = new EventEmitter();
        const done = once(emitter, 'done');
        emitter.on('order', (name: string) => {
          create(name).then(
            () => emitter.emit('done'),
            (error: unknown) => emitter.emit('error', error),
          );
        });
        emitter.emit('order', 'listened');
        await done;
      },
    ],
    [
      'an async iterator',
      async () => {
        const generate = async function* () {
          for (const name of ['a', 'b']) yield await create(name);
        };
        for await (const { name } of generate()) await insert(`${name}${name}`);
      },
    ],
    [
      'a thenable',
      () =>
        Promise.resolve({ then: (resolve: (value: unknown) => void) => void create('then').then(resolve) }),
    ],
  ])('by %s', async (_how, work) => {
    expect(await rolledBack(work)).toEqual([]);
    // And it does write: the same work, committed, is there.
    await bench.transactions.run(work);
    expect((await stored()).length).toBeGreaterThan(0);
  });

  it('by a listener that was registered outside and is called inside', async () => {
    const emitter = new EventEmitter();
    const running: Promise<unknown>[] = [];
    emitter.on('order', (name: string) => running.push(create(name)));
    const escaped = await rolledBack(async () => {
      emitter.emit('order', 'called inside');
      await Promise.all(running);
    });
    expect(escaped).toEqual([]);
  });

  it('by a Prisma promise that was made inside and returned without being awaited', async () => {
    const inner = () => bench.transactions.run(() => bench.prisma.category.create(category('lazy')));
    expect(await rolledBack(inner)).toEqual([]);
    await bench.transactions.run(inner);
    expect(await stored()).toEqual(['lazy']);
  });

  it('by a stream of rows that is read inside, which sees what the transaction has written', async () => {
    const names: string[] = [];
    const escaped = await rolledBack(async () => {
      for (const name of ['a', 'b', 'c']) await insert(name);
      const rows = bench.db.stream<{ name: string }>('SELECT name FROM category ORDER BY name', [], {
        batchSize: 2,
      });
      for await (const { name } of rows) {
        names.push(name);
        await insert(`${name}-read`);
      }
    });
    expect(names).toEqual(['a', 'b', 'c']);
    expect(escaped).toEqual([]);
  });
});

describe('work that comes when its transaction has ended is refused, and writes nothing', () => {
  const WAYS: [string, (name: string) => PromiseLike<unknown>][] = [
    ['a repository', create],
    ['PrismaService', (name) => bench.prisma.category.create(category(name))],
    [
      'raw SQL of Prisma',
      (name) => bench.prisma.$executeRaw`INSERT INTO category (name, slug) VALUES (${name}, ${name})`,
    ],
    ['Database', insert],
    [
      'PrismaService.$transaction',
      (name) => bench.prisma.$transaction((client) => client.category.create(category(name))),
    ],
    ['transactions.run', (name) => bench.transactions.run(() => create(name))],
  ];
  /** A promise that the test settles. */
  const gate = () => {
    let open: () => void = () => undefined;
    const passed = new Promise<void>((resolve) => (open = resolve));
    return { passed, open: () => open() };
  };

  it.each(WAYS)('by %s, from a callback', async (_how, write) => {
    const { passed, open } = gate();
    let late: ReturnType<typeof held> | undefined;
    await bench.transactions.run(async () => {
      await create('in time');
      late = held(passed.then(() => write('late')));
    });
    open();
    await expect(late!.promise).rejects.toBeInstanceOf(TransactionScopeClosedError);
    expect(await stored()).toEqual(['in time']);
  });

  it.each(WAYS)('by %s, from a callback of a transaction that was rolled back', async (_how, write) => {
    const { passed, open } = gate();
    let late: ReturnType<typeof held> | undefined;
    const escaped = await rolledBack(async () => {
      await create('rolled back');
      late = held(passed.then(() => write('late')));
    });
    open();
    await expect(late!.promise).rejects.toBeInstanceOf(TransactionScopeClosedError);
    expect(escaped).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it('by a timer that fires later', async () => {
    let late: Promise<unknown> | undefined;
    await bench.transactions.run(async () => {
      await create('in time');
      late = held(
        new Promise((resolve, reject) => setTimeout(() => void create('late').then(resolve, reject), 50)),
      ).promise;
    });
    await expect(late).rejects.toBeInstanceOf(TransactionScopeClosedError);
    expect(await stored()).toEqual(['in time']);
  });

  it('by a Prisma promise that was made inside and is awaited outside', async () => {
    let lazy: PromiseLike<unknown> | undefined;
    await bench.transactions.run(async () => {
      await create('in time');
      lazy = bench.prisma.category.create(category('late'));
    });
    await bench.failure(lazy!);
    expect(await stored()).toEqual(['in time']);
  });

  it('by a stream of rows that is read on outside', async () => {
    let rows: AsyncIterator<unknown> | undefined;
    await bench.transactions.run(async () => {
      for (const name of ['a', 'b', 'c', 'd']) await insert(name);
      rows = bench.db.stream('SELECT name FROM category', [], { batchSize: 1 })[Symbol.asyncIterator]();
      await rows.next();
    });
    await bench.failure(rows!.next());
    expect((await bench.usage()).active).toBe(0);
  });

  it('by parallel work whose sibling has failed, so that half of it is never committed', async () => {
    const { passed, open } = gate();
    let slow: ReturnType<typeof held> | undefined;
    const running = bench.transactions.run(() => {
      slow = held(passed.then(() => create('slow')));
      return Promise.all([create('quick'), slow.promise, Promise.reject(new RollBack())]);
    });
    await expect(running).rejects.toBeInstanceOf(RollBack);
    open();
    await expect(slow!.promise).rejects.toBeInstanceOf(TransactionScopeClosedError);
    expect(await stored()).toEqual([]);
  });
});

describe('a listener that is called outside of the transaction it was registered in', () => {
  it('belongs to its caller, whose work it is: EventEmitter calls it there', async () => {
    const emitter = new EventEmitter();
    const running: Promise<unknown>[] = [];
    await bench.transactions.run(async () => {
      await create('in time');
      emitter.on('order', (name: string) => running.push(create(name)));
    });
    emitter.emit('order', 'outside');
    await Promise.all(running);
    expect(await stored()).toEqual(['in time', 'outside']);
  });
});

describe('a bare client', () => {
  it('writes outside, and silently, whatever does not use the client that was handed to the callback', async () => {
    const running = naive.$transaction(async (client) => {
      await client.category.create(category('inside'));
      await naive.category.create(category('outside'));
      throw new RollBack();
    });
    await expect(running).rejects.toBeInstanceOf(RollBack);
    expect(await stored()).toEqual(['outside']);
  });
});

describe('prisma.$transaction, used directly, is what it is in a bare client', () => {
  const CLIENTS: [string, () => PrismaClient][] = [
    ['PrismaService', () => bench.prisma],
    ['a bare client', () => naive],
  ];

  describe.each(CLIENTS)('%s', (_name, open) => {
    it('commits an array as a whole, with its results in order', async () => {
      const client = open();
      const results = await client.$transaction([
        client.category.create(category('a')),
        client.$executeRaw`INSERT INTO category (name, slug) VALUES ('b', 'b')`,
        client.category.count(),
      ]);
      expect(results).toEqual([expect.objectContaining({ name: 'a' }), 1, 2]);
      const failing = client.$transaction([
        client.category.create(category('c')),
        client.category.create(category('a')),
      ]);
      await expect(failing).rejects.toMatchObject({ code: 'P2002' });
      expect(await stored()).toEqual(['a', 'b']);
    });

    it('commits a callback that resolves, and rolls back one that rejects, with its failure', async () => {
      const client = open();
      const result = await client.$transaction(async (tx) => {
        await tx.category.create(category('a'));
        return await tx.category.count();
      });
      expect(result).toBe(1);
      const failure = new RollBack();
      const failing = client.$transaction(async (tx) => {
        await tx.category.create(category('b'));
        throw failure;
      });
      await expect(failing).rejects.toBe(failure);
      expect(await stored()).toEqual(['a']);
    });

    it('nests by savepoints', async () => {
      await open().$transaction(async (tx) => {
        await tx.category.create(category('outer'));
        await tx
          .$transaction(async (inner) => {
            await inner.category.create(category('inner'));
            throw new RollBack();
          })
          .catch(() => undefined);
        await tx.$transaction((inner) => inner.category.create(category('kept')));
      });
      expect(await stored()).toEqual(['kept', 'outer']);
    });

    it('keeps its options: isolation level and time limit', async () => {
      const client = open();
      const level = await client.$transaction(
        (tx) => tx.$queryRaw<{ level: string }[]>`SELECT current_setting('transaction_isolation') AS level`,
        { isolationLevel: 'Serializable', maxWait: 1_000, timeout: 2_000 },
      );
      expect(level).toEqual([{ level: 'serializable' }]);
      const slow = client.$transaction(
        async (tx) => {
          await tx.category.create(category('slow'));
          await tx.$queryRaw`SELECT pg_sleep(0.2)::text`;
          await tx.category.count();
        },
        { timeout: 50 },
      );
      await expect(slow).rejects.toMatchObject({ code: 'P2028' });
      expect(await stored()).toEqual([]);
    });

    it('refuses its client after the end', async () => {
      let kept: Parameters<Parameters<PrismaClient['$transaction']>[0]>[0] | undefined;
      await open().$transaction(async (tx) => {
        kept = tx;
        await tx.category.count();
      });
      await expect(kept!.category.create(category('late'))).rejects.toMatchObject({ code: 'P2028' });
      expect(await stored()).toEqual([]);
    });
  });
});
