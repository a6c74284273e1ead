/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { TransactionScopeClosedError, type Database } from '../../../libs/database/src/index.js';
import { FaultBench } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let bench: FaultBench;

beforeAll(async () => {
  database = await createTestDatabase();
  // A query that writes: outside of any transaction a stream could not, and inside of one it shows where it ran.
  await database.query(
    'CREATE FUNCTION put(n text) RETURNS text LANGUAGE sql VOLATILE AS $$ INSERT INTO category(name, slug) VALUES (n, n) RETURNING name $$',
  );
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
  bench = await FaultBench.open({ url: database.url, module: { pool: { max: 4, min: 0 } } });
});
afterEach(() => bench.close());
afterAll(() => database.drop());

const refused = new Error('refused');
const PUT_THREE = "SELECT put(n) FROM unnest(ARRAY['a', 'b', 'c']) AS n";
const LIST = 'SELECT n FROM generate_series(1, 5) AS n';
const insert = (name: string) => bench.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);
const nested = <Result>(work: () => Promise<Result>) =>
  bench.transactions.run(work, { propagation: 'NESTED' });
/** A nested part that is taken back. */
const takenBack = async (work: () => Promise<unknown>) => {
  const running = nested(async () => {
    await work();
    throw refused;
  });
  await expect(running).rejects.toBe(refused);
};
const failing = async (work: () => Promise<unknown>) => {
  const running = bench.transactions.run(async () => {
    await work();
    throw refused;
  });
  await expect(running).rejects.toBe(refused);
};
/** What was made inside of a transaction that has ended. */
const madeInside = async <Made>(make: () => Made): Promise<{ made: Made }> =>
  await bench.transactions.run(async () => {
    await bench.db.query('SELECT 1');
    return { made: make() };
  });
const readAll = async (rows: AsyncIterable<unknown>) => {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
};
type Builder = { stream(size?: never): AsyncIterable<unknown> };
const kyselyOf = (db: Database) =>
  db.kysely as unknown as { selectFrom(table: string): { selectAll(): Builder } };

/** Everything that can be read bit by bit. */
const STREAMS: readonly (readonly [string, () => AsyncIterable<unknown>])[] = [
  ['db.stream()', () => bench.db.stream('SELECT name FROM category')],
  ['the stream of db.sql', () => bench.db.sql`SELECT name FROM category`.stream()],
  ['the stream of the builder', () => bench.db.getQueryBuilder().from('category').select('name').stream()],
  ['the stream of Kysely', () => kyselyOf(bench.db).selectFrom('category').selectAll().stream()],
  ['a Readable over a stream', () => Readable.from(bench.db.stream('SELECT name FROM category'))],
];

describe('a statement of db.sql', () => {
  it('that was made inside is refused when it is awaited after the end, and is not sent outside', async () => {
    const { made } = await madeInside(
      () => bench.db.sql`INSERT INTO category (name, slug) VALUES ('x', 'x')`,
    );
    await expect(made.execute()).rejects.toBeInstanceOf(TransactionScopeClosedError);
    await expect(made.first()).rejects.toBeInstanceOf(TransactionScopeClosedError);
    await expect(bench.transactions.run(async () => await made)).rejects.toMatchObject({
      code: 'TRANSACTION_SCOPE_CLOSED',
    });
    expect(await stored()).toEqual([]);
  });

  it('that was made inside runs inside, also where the transaction has been left on the way', async () => {
    const outside = new EventEmitter();
    outside.on('statement', (statement: PromiseLike<unknown>) => {
      void statement.then(() => outside.emit('done'));
    });
    await failing(async () => {
      const done = once(outside, 'done');
      const statement = bench.db.sql`INSERT INTO category (name, slug) VALUES ('x', 'x')`;
      await bench.transactions.run(() => Promise.resolve(outside.emit('statement', statement)), {
        propagation: 'NOT_SUPPORTED',
      });
      await done;
    });
    expect(await stored()).toEqual([]);
  });

  it('that was made outside runs where it is awaited, each time anew', async () => {
    const statement = bench.db.sql`SELECT put('x' || (SELECT count(*) FROM category))`;
    await failing(async () => await statement);
    expect(await stored()).toEqual([]);
    await statement;
    await bench.transactions.run(async () => await statement);
    expect(await stored()).toEqual(['x0', 'x1']);
  });

  it('belongs to the nested part that awaits it, and not to one that has ended', async () => {
    await bench.transactions.run(async () => {
      const outer = bench.db.sql`INSERT INTO category (name, slug) VALUES ('x', 'x')`;
      let inner: PromiseLike<unknown> | undefined;
      await takenBack(async () => {
        await outer;
        inner = bench.db.sql`INSERT INTO category (name, slug) VALUES ('y', 'y')`;
      });
      await expect(Promise.resolve(inner)).rejects.toBeInstanceOf(TransactionScopeClosedError);
    });
    expect(await stored()).toEqual([]);
  });

  it('is a piece of another one wherever it was made', async () => {
    const { made } = await madeInside(() => bench.db.sql`name = ${'x'}`);
    expect(await bench.db.sql`SELECT name FROM category WHERE ${made}`).toEqual([]);
  });
});

describe('a stream', () => {
  it.each(STREAMS)(
    'of a transaction is refused when it is first read after the end: %s',
    async (_what, make) => {
      const { made } = await madeInside(make);
      await expect(readAll(made)).rejects.toBeInstanceOf(TransactionScopeClosedError);
    },
  );

  it.each(STREAMS)('sees what the transaction has written that it was made in: %s', async (_what, make) => {
    await failing(async () => {
      await insert('x');
      const rows = make();
      expect(
        await bench.transactions.run(() => readAll(rows), { propagation: 'NOT_SUPPORTED' }),
      ).toHaveLength(1);
    });
  });

  it('of a Kysely that was kept from outside belongs to the transaction that its query is begun in', async () => {
    const kept = bench.db.kysely.withSchema('public') as unknown as ReturnType<typeof kyselyOf>;
    const { made } = await madeInside(() => kept.selectFrom('category').selectAll().stream());
    await expect(readAll(made)).rejects.toBeInstanceOf(TransactionScopeClosedError);
    expect(await readAll(kept.selectFrom('category').selectAll().stream())).toEqual([]);
  });

  it('that was made outside belongs to the transaction that it is first read in', async () => {
    const rows = bench.db.stream(PUT_THREE);
    await failing(() => readAll(rows));
    expect(await stored()).toEqual([]);
  });

  it('waits with each of its batches while a nested part runs, which would take them back', async () => {
    await bench.transactions.run(async () => {
      const rows = bench.db.stream(PUT_THREE, [], { batchSize: 1 });
      await rows.next();
      const events = new EventEmitter();
      const begun = once(events, 'begun');
      const inner = takenBack(async () => {
        await insert('n');
        events.emit('begun');
        // Time for a batch that does not wait: it would have been answered before this statement.
        for (let count = 0; count < 5; count++) await bench.db.query('SELECT 1');
      });
      await begun;
      await Promise.all([inner, readAll(rows)]);
    });
    expect(await stored()).toEqual(['a', 'b', 'c']);
  });

  it('that is left early while a nested part runs is closed after it', async () => {
    await bench.transactions.run(async () => {
      const rows = bench.db.stream(LIST, [], { batchSize: 1 });
      await rows.next();
      const inner = takenBack(() => insert('n'));
      await Promise.all([inner, rows.return?.()]);
      await insert('after');
      expect(await bench.db.query("SELECT name FROM pg_cursors WHERE name <> ''")).toEqual([]);
    });
    expect(await stored()).toEqual(['after']);
  });

  it.each(['taken back', 'kept'])(
    'of a nested part that was %s is refused when it is read on, and spoils nothing around it',
    async (end) => {
      await bench.transactions.run(async () => {
        await insert('outer');
        let rows: AsyncIterableIterator<unknown> | undefined;
        const read = async () => {
          rows = bench.db.stream(LIST, [], { batchSize: 1 });
          await rows.next();
        };
        await (end === 'kept' ? nested(read) : takenBack(read));
        await expect(rows?.next()).rejects.toBeInstanceOf(TransactionScopeClosedError);
        await rows?.return?.();
        await insert('later');
      });
      expect(await stored()).toEqual(['later', 'outer']);
    },
  );

  it('of a nested part that is given up after its end spoils nothing around it', async () => {
    await bench.transactions.run(async () => {
      let rows: AsyncIterableIterator<unknown> | undefined;
      await takenBack(async () => {
        rows = bench.db.stream(LIST, [], { batchSize: 1 });
        await rows.next();
      });
      await rows?.return?.();
      await insert('later');
    });
    expect(await stored()).toEqual(['later']);
  });

  it('of the outer part is read on in a nested part, and after it', async () => {
    await bench.transactions.run(async () => {
      const rows = bench.db.stream<{ n: number }>(LIST, [], { batchSize: 1 });
      const read = async () => (await rows.next()).value?.n as unknown;
      expect(await read()).toBe(1);
      await takenBack(async () => {
        expect(await read()).toBe(2);
      });
      expect(await read()).toBe(3);
      await rows.return?.();
    });
  });
});
