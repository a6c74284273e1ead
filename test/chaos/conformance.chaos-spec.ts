import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { sagaEngineConformance } from '../../libs/database/src/testing/index.js';
import { EphemeralHarness, PostgresHarness } from '../support/saga/engine-harness.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const FIRST_SEED = Number(process.env.CONFORMANCE_SEED ?? 1);
const RUNS = Number(process.env.CONFORMANCE_RUNS ?? 10);
const SAGAS = Number(process.env.CONFORMANCE_SAGAS ?? 100);
const LIMIT_MS = 600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await new PostgresHarness(database).prepare();
}, 60_000);
afterAll(() => database.drop());

const options = { seeds: Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index), sagas: SAGAS };

describe.each([
  ['in PostgreSQL', PostgresHarness.promises, () => new PostgresHarness(database)],
  ['in memory', EphemeralHarness.promises, () => new EphemeralHarness(database)],
] as const)('the engine %s, with one random run after the other', (_where, capabilities, make) => {
  const cases = sagaEngineConformance({ capabilities, open: (wanted) => make().open(wanted) }, options);
  for (const { requirement, title, run } of cases)
    if (title.includes('(seed ')) it(`${requirement}: ${title}`, () => run(), LIMIT_MS);
});
