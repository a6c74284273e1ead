/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { UniqueViolationError } from '../../../libs/database/src/index.js';
import { addToCommit } from '../../../libs/database/src/transaction/commit-tail.js';
import type { CommitTail } from '../../../libs/database/src/transaction/tail-entry.js';
import type { TailStatement } from '../../../libs/database/src/transaction/transaction-session.port.js';
import { FAST, type FaultBench } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';

const BY: CommitTail<TailStatement> = { statements: (items) => items };
const INSERT = 'INSERT INTO category (name, slug) VALUES ($1, $1)';

let database: FaultDatabase;
let bench: FaultBench;
const reopen = useFaults((faults) => ({ database, bench } = faults), { pool: { ...FAST.pool, max: 1 } });

const commit = (...names: string[]) =>
  bench.transactions.run(async () => {
    await bench.db.query('SELECT 1');
    for (const name of names) addToCommit(bench.transactions, 'test', BY, { text: INSERT, values: [name] });
  });
/** How often the session has carried out what it knows by a name. */
const uses = async () => {
  const known = await bench.db.query<{ uses: number }>(
    `SELECT (generic_plans + custom_plans)::int AS uses FROM pg_prepared_statements WHERE statement = '${INSERT}'`,
  );
  return known.map((each) => each.uses);
};

describe('a statement that travels with COMMIT', () => {
  it('is planned once by a session, and not each time', async () => {
    await commit('a');
    await commit('b', 'c');
    expect(await uses()).toEqual([3]);
    expect(await database.stored()).toEqual(['a', 'b', 'c']);
  });

  it('is carried out after one that has failed, and after its session has forgotten everything', async () => {
    await commit('a');
    await expect(commit('b', 'a', 'c')).rejects.toThrow(UniqueViolationError);
    await commit('b');
    expect(await uses()).toEqual([1]);
    await bench.db.query('DISCARD ALL');
    await commit('c');
    await bench.db.query('DEALLOCATE ALL');
    await commit('d');
    expect(await uses()).toEqual([1]);
    expect(await database.stored()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does not fail its transaction for good where the session has forgotten it unseen', async () => {
    await commit('a');
    await bench.db.query(`DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$`);
    let attempts = 0;
    await bench.transactions.run(async () => {
      attempts += 1;
      await bench.db.query('SELECT 1');
      addToCommit(bench.transactions, 'test', BY, { text: INSERT, values: ['b'] });
    });
    expect(attempts).toBe(2);
    expect(await database.stored()).toEqual(['a', 'b']);
  });

  it('is planned anew from time to time: a plan for a small table is not for good', async () => {
    for (let round = 0; round < 11; round += 1)
      await commit(...Array.from({ length: 50 }, (_, index) => `${round} ${index}`));
    expect(await uses()).toEqual([50]);
    expect(await database.stored()).toHaveLength(550);
  });

  it('has no name behind PgBouncer, where another session may stand in', async () => {
    const url = new URL(database.url);
    url.searchParams.set('pgbouncer', 'true');
    await reopen({ url: url.href, pool: { ...FAST.pool, max: 1 } });
    await commit('a');
    await commit('b');
    expect(await uses()).toEqual([]);
    expect(await database.stored()).toEqual(['a', 'b']);
  });
});
