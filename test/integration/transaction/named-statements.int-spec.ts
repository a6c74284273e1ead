/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { partsOf } from '../../../libs/database/src/query/database.js';
import { FAST, type FaultBench } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';

const INSERT = 'INSERT INTO category (name, slug) VALUES ($1::text, $1::text)';

let database: FaultDatabase;
let bench: FaultBench;
const reopen = useFaults((faults) => ({ database, bench } = faults), { pool: { ...FAST.pool, max: 1 } });

const insert = async (...names: string[]) => {
  const { executor } = partsOf(bench.db);
  for (const name of names)
    await executor.execute({ sql: INSERT, values: [name], operation: 'test', prepared: true });
};
/** How often the session has carried out what it knows by a name. */
const uses = async () => {
  const known = await bench.db.query<{ uses: number }>(
    `SELECT (generic_plans + custom_plans)::int AS uses FROM pg_prepared_statements WHERE statement = '${INSERT}'`,
  );
  return known.map((each) => each.uses);
};

describe('a statement that is sent again and again', () => {
  it('is planned once by a session, and not each time', async () => {
    await insert('a', 'b', 'c');
    expect(await uses()).toEqual([3]);
    expect(await database.stored()).toEqual(['a', 'b', 'c']);
  });

  it('has the same plan in a transaction, where it is not the first statement', async () => {
    await insert('a');
    await bench.transactions.run(async () => {
      await bench.db.query('SELECT 1');
      await insert('b', 'c');
    });
    expect(await uses()).toEqual([3]);
    await bench.transactions.run(() => insert('d', 'e'));
    expect(await uses()).toEqual([4]);
    expect(await database.stored()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each(['DISCARD ALL', 'DEALLOCATE ALL', `DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$`])(
    'is carried out once after its session has forgotten it by %s',
    async (forget) => {
      await insert('a');
      await bench.db.query(forget);
      await insert('b');
      expect(await database.stored()).toEqual(['a', 'b']);
      await insert('c', 'd');
      expect((await uses())[0]).toBeGreaterThanOrEqual(2);
      expect(await database.stored()).toEqual(['a', 'b', 'c', 'd']);
    },
  );

  it('keeps its name, and fails no transaction, where somebody has asked for a statement that is not there', async () => {
    await insert('a', 'b');
    await expect(bench.db.query('EXECUTE nothing')).rejects.toMatchObject({ cause: { code: '26000' } });
    await bench.transactions.run(async () => {
      await bench.db.query('SELECT 1');
      await insert('c');
    });
    await insert('d');
    expect(await uses()).toEqual([2]);
    expect(await database.stored()).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([
    ['DISCARD TEMP'],
    ['EXECUTE nothing'],
    ['PREPARE other AS SELECT 1', 'PREPARE other AS SELECT 1', 'DEALLOCATE other'],
  ])('leaves the names alone that others have given, after %s', async (...statements) => {
    const theirs = () =>
      bench.db.pg.query<{ n: number }>({ name: 'theirs', text: 'SELECT $1::int AS n', values: [1] });
    await theirs();
    for (const statement of statements) await bench.db.query(statement).catch(() => undefined);
    expect((await theirs()).rows).toEqual([{ n: 1 }]);
    await bench.transactions.run(async () => {
      await bench.db.query('SELECT 1');
      expect((await theirs()).rows).toEqual([{ n: 1 }]);
    });
    await bench.db.query('DISCARD ALL');
    expect((await theirs()).rows).toEqual([{ n: 1 }]);
  });

  it('is carried out after one that has failed', async () => {
    await insert('a');
    await expect(insert('a')).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' });
    await insert('b');
    expect(await uses()).toEqual([3]);
  });

  it('is planned anew from time to time: a plan for a small table is not for good', async () => {
    await insert(...Array.from({ length: 520 }, (_, index) => String(index)));
    expect(await uses()).toEqual([20]);
    expect(await database.stored()).toHaveLength(520);
  });

  it('has no name behind PgBouncer, where another session may stand in', async () => {
    const url = new URL(database.url);
    url.searchParams.set('pgbouncer', 'true');
    await reopen({ url: url.href, pool: { ...FAST.pool, max: 1 } });
    await insert('a', 'b');
    expect(await uses()).toEqual([]);
    expect(await database.stored()).toEqual(['a', 'b']);
  });
});
