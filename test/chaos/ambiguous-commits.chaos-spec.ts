/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { category, FaultBench } from '../support/faults/fault-bench.js';
import { FaultDatabase } from '../support/faults/fault-database.js';

const EACH = 500;
const COMMIT = { statement: /^COMMIT/ };

let database: FaultDatabase;

beforeAll(async () => {
  database = await FaultDatabase.create();
});
beforeEach(async () => {
  await database.query('TRUNCATE category CASCADE');
});
afterAll(async () => {
  await database.drop();
});

/** Even: the request is lost. Odd: the reply is. */
const loss = (index: number) => ({ do: index % 2 === 0 ? 'cut' : 'cutOnReply' }) as const;
const nameOf = (index: number) => String(index).padStart(4, '0');
const all = Array.from({ length: 2 * EACH }, (_, index) => nameOf(index));
const answeredTooLate = all.filter((_, index) => index % 2 === 1);

describe('a thousand COMMITs that are not answered', () => {
  it('are all of unknown outcome; half of them are stored, each once', async () => {
    const bench = await FaultBench.open({ url: database.url });
    const outcomes: string[] = [];
    for (const [index, name] of all.entries()) {
      bench.proxy.onRequest(COMMIT, loss(index));
      const { error } = await bench.refusal(
        bench.transactions.run(() => bench.categories.create(category(name))),
        'OUTCOME_UNKNOWN',
      );
      outcomes.push(error.outcome);
    }
    expect(new Set(outcomes)).toEqual(new Set(['unknown']));
    expect(await database.stored()).toEqual(answeredTooLate);
    await bench.close(database);
  }, 300_000);

  it("are all resolved by the transaction's id: what was committed as committed, what was lost as lost", async () => {
    const bench = await FaultBench.open({ url: database.url });
    const [committed, lost, hooks]: [string[], string[], string[]] = [[], [], []];
    for (const [index, name] of all.entries()) {
      const fault = bench.proxy.onRequest(COMMIT, loss(index));
      const running = bench.transactions.run(
        () => {
          bench.transactions.afterCommit(() => void hooks.push(name));
          return bench.categories.create(category(name));
        },
        { verify: 'xid', retry: false },
      );
      await running.then(
        () => committed.push(name),
        (error: unknown) => {
          expect(bench.note(error)).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'not-applied' });
          lost.push(name);
        },
      );
      expect(fault.fired).toBe(1);
    }
    const stored = await database.stored();
    expect(stored).toEqual(answeredTooLate);
    expect(committed).toEqual(stored);
    expect(hooks).toEqual(stored);
    expect(lost).toHaveLength(EACH);
    await bench.close(database);
  }, 300_000);

  it('end with every record there once, where the transaction is repeated if its id says so', async () => {
    const bench = await FaultBench.open({ url: database.url });
    for (const [index, name] of all.entries()) {
      bench.proxy.onRequest(COMMIT, loss(index));
      await bench.transactions.run(() => bench.categories.create(category(name)), { verify: 'xid' });
    }
    expect(await database.stored()).toEqual(all);
    await bench.close(database);
  }, 300_000);

  it('end with every record there once, where the transaction is repeated if a function says so and no key would refuse a second one', async () => {
    await database.query('CREATE TABLE keyless (name text)');
    await database.query(`GRANT ALL ON keyless TO ${database.role}`);
    const bench = await FaultBench.open({ url: database.url });
    for (const [index, name] of all.entries()) {
      bench.proxy.onRequest(COMMIT, loss(index));
      await bench.transactions.run(() => bench.db.query('INSERT INTO keyless VALUES ($1)', [name]), {
        verify: async () => {
          const rows = await bench.db.query('SELECT FROM keyless WHERE name = $1', [name]);
          return rows.length > 0 ? 'committed' : 'aborted';
        },
      });
    }
    const stored = await database.query<{ name: string }>('SELECT name FROM keyless ORDER BY name');
    expect(stored.map(({ name }) => name)).toEqual(all);
    await bench.close(database);
  }, 300_000);
});
