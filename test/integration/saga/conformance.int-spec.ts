import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  sagaEngineConformance,
  type ConformanceCase,
  type SagaEngineHarness,
} from '../../../libs/database/src/testing/index.js';
import { EphemeralHarness, PostgresHarness } from '../../support/saga/engine-harness.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

/** One run is the same for everybody, another one is chosen by whoever wants to. */
const SEEDS = [
  1,
  ...(process.env.CONFORMANCE_SEED === undefined ? [] : [Number(process.env.CONFORMANCE_SEED)]),
];
const LIMIT_MS = 120_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await new PostgresHarness(database).prepare();
}, 30_000);
afterAll(() => database.drop());

/** The cases are listed before there is a database. */
const casesOf = (capabilities: SagaEngineHarness['capabilities'], make: () => SagaEngineHarness) =>
  sagaEngineConformance({ capabilities, open: (options) => make().open(options) }, { seeds: SEEDS });

const postgres = casesOf(PostgresHarness.promises, () => new PostgresHarness(database));
const inMemory = casesOf(EphemeralHarness.promises, () => new EphemeralHarness(database));

function playAll(cases: readonly ConformanceCase[]): void {
  for (const each of cases)
    if (each.lacks.length === 0) it(`${each.requirement}: ${each.title}`, () => each.run(), LIMIT_MS);
}

describe('the suite', () => {
  it('has a case for every requirement', () => {
    const wanted = Array.from({ length: 40 }, (_, index) => `R${index + 1}`);
    const titles = postgres.map(({ requirement, title }) => `${requirement} ${title}`).join('\n');
    expect(wanted.filter((requirement) => !new RegExp(`\\b${requirement}\\b`).test(titles))).toEqual([]);
  });

  it('has each case once', () => {
    const names = postgres.map(({ requirement, title }) => `${requirement}: ${title}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe('the engine in PostgreSQL', () => {
  it('R40: lacks nothing', () => {
    expect(postgres.flatMap(({ lacks }) => lacks)).toEqual([]);
  });

  playAll(postgres);
});

describe('the engine in memory', () => {
  it('R40: lacks what it does not promise, and nothing else', async () => {
    const lacking = inMemory.filter(({ lacks }) => lacks.length > 0);
    const listed = new Map<string, Set<string>>();
    for (const { requirement, lacks } of lacking)
      for (const capability of lacks)
        listed.set(capability, (listed.get(capability) ?? new Set()).add(requirement));
    expect(
      Object.fromEntries([...listed].map(([capability, all]) => [capability, [...all].toSorted()])),
    ).toEqual({
      durable: [
        'R14',
        'R19',
        'R20',
        'R21',
        'R22',
        'R23',
        'R24',
        'R25',
        'R26',
        'R27',
        'R28',
        'R30',
        'R33',
        'R35',
        'R37',
        'R6',
        'R8',
      ],
      exactlyOnceSteps: ['R23', 'R9'],
      sharedKeys: ['R1'],
      events: ['R33'],
      retention: ['R34'],
    });
    expect(lacking).toHaveLength(43);
    await expect(lacking[0]?.run()).rejects.toThrow(/does not promise/);
  });

  playAll(inMemory);
});
