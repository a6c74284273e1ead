import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sagaEngineConformance, type SagaEngineHarness } from '../../../libs/database/src/testing/index.js';
import { EphemeralHarness, PostgresHarness } from '../../support/saga/engine-harness.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await new PostgresHarness(database).prepare();
}, 30_000);
afterAll(() => database.drop());

/** Made when it is used first: the cases are listed before there is a database. */
const late = (make: () => SagaEngineHarness, like: SagaEngineHarness['capabilities']): SagaEngineHarness => ({
  capabilities: like,
  open: (options) => make().open(options),
});

const postgres = late(() => new PostgresHarness(database), PostgresHarness.promises);
const inMemory = late(() => new EphemeralHarness(database), EphemeralHarness.promises);

describe('the engine in PostgreSQL', () => {
  const cases = sagaEngineConformance(postgres);
  it.each(cases.map((each) => [each.requirement, each.title, each] as const))(
    '%s: %s',
    async (_requirement, _title, each) => {
      await each.run();
    },
    120_000,
  );

  it('R40: lacks nothing', () => {
    expect(cases.flatMap(({ lacks }) => lacks)).toEqual([]);
  });
});

describe('the engine in memory', () => {
  const cases = sagaEngineConformance(inMemory);
  it.each(
    cases
      .filter(({ lacks }) => lacks.length === 0)
      .map((each) => [each.requirement, each.title, each] as const),
  )(
    '%s: %s',
    async (_requirement, _title, each) => {
      await each.run();
    },
    120_000,
  );
});
