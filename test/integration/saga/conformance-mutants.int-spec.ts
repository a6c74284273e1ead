import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ephemeral } from '../../../libs/database/src/index.js';
import {
  ConformanceFailure,
  sagaEngineConformance,
  type ConformanceCase,
  type SagaEngineHarness,
} from '../../../libs/database/src/testing/index.js';
import { EphemeralHarness, PostgresHarness } from '../../support/saga/engine-harness.js';
import { MUTANTS } from '../../support/saga/mutant-engines.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await new PostgresHarness(database).prepare();
}, 30_000);
afterAll(() => database.drop());

const LIMIT_MS = 120_000;
/** What holds a connection for too long is to be seen soon. */
const IMPATIENT_MS = 2_000;

/** Which cases fail of those whose name matches: all others of these pass. */
async function caught(harness: SagaEngineHarness, among: RegExp): Promise<string[]> {
  const cases = sagaEngineConformance(harness, { seeds: [] });
  const nameOf = ({ requirement, title }: ConformanceCase) => `${requirement}: ${title}`;
  const failed: string[] = [];
  for (const each of cases.filter((one) => one.lacks.length === 0 && among.test(nameOf(one)))) {
    const error = await each.run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) continue;
    expect(error).toBeInstanceOf(ConformanceFailure);
    failed.push(each.requirement);
  }
  return [...new Set(failed)];
}

describe('an engine in memory', () => {
  it.each([
    ['does a step again that is done', /^R(1|5|8|13|36):/, ['R1', 'R5', 'R8', 'R13']],
    ['takes steps back in the order of their starts', /^R(1|17):|^R13: takes steps back/, ['R13']],
    ['takes an undo that fails for one that is done', /^R(5|14|15|16):/, ['R14', 'R15', 'R16']],
    ['forgets the key', /^R(1|2|18):/, ['R1', 'R2']],
    ['makes a new idempotency key for every attempt', /^R(5|7|10|17):/, ['R7']],
    ['makes calls in a transaction', /^R(5|7|38):/, ['R38']],
    ['holds a connection during its calls', /^R(5|36|38):/, ['R36']],
  ] as const)(
    'that %s fails the cases about that, and no others',
    async (which, among, expected) => {
      expect(await caught(new EphemeralHarness(database, MUTANTS[which], {}, IMPATIENT_MS), among)).toEqual(
        expected,
      );
    },
    LIMIT_MS,
  );
});

describe('an engine in PostgreSQL', () => {
  it(
    'that takes a lost connection for a failure of the step fails when its store is away, and not otherwise',
    async () => {
      const wrap = MUTANTS['takes a lost connection for a failure of the step'];
      expect(await caught(new PostgresHarness(database, wrap), /^R(5|23):/)).toEqual(['R23']);
    },
    LIMIT_MS,
  );

  it(
    'that says it survives a crash, and is in memory, fails when its instance dies',
    async () => {
      expect(await caught(new PostgresHarness(database, () => ephemeral()), /^R(5:|8: C7|40)/)).toEqual([
        'R8',
        'R40',
      ]);
    },
    LIMIT_MS,
  );
});
