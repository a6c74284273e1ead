/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { category, FaultBench } from '../support/faults/fault-bench.js';
import { FaultDatabase } from '../support/faults/fault-database.js';

const EACH = 500;

let database: FaultDatabase;

beforeAll(async () => {
  database = await FaultDatabase.create();
});
afterAll(async () => {
  await database.drop();
});

describe('a thousand COMMITs that are not answered', () => {
  it('are all of unknown outcome; half of them are stored, each once', async () => {
    const bench = await FaultBench.open({ url: database.url });
    const outcomes: string[] = [];
    for (let index = 0; index < 2 * EACH; index++) {
      // Even: the request is lost. Odd: the reply is.
      bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: index % 2 === 0 ? 'cut' : 'cutOnReply' });
      const name = String(index).padStart(4, '0');
      const { error } = await bench.refusal(
        bench.transactions.run(() => bench.categories.create(category(name))),
        'OUTCOME_UNKNOWN',
      );
      outcomes.push(error.outcome);
    }
    expect(new Set(outcomes)).toEqual(new Set(['unknown']));
    const odd = Array.from({ length: EACH }, (_, index) => String(2 * index + 1).padStart(4, '0'));
    expect(await database.stored()).toEqual(odd);
    await bench.close(database);
  }, 300_000);
});
