import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AnyTables, OpenDatabase, QueryBuilder } from '../../../libs/database/src/index.js';
import { partsOf } from '../../../libs/database/src/query/database.js';
import type { ModelTable } from '../../../libs/database/src/query/model-table.js';
import { compileWhere } from '../../../libs/database/src/repository/where/compile-where.js';
import { SqlParameters } from '../../../libs/database/src/repository/where/sql-parameters.js';
import { entryRows, insertEntries, type EntryRow } from '../../support/page-rows.js';
import { createPagesDatabase, openPages, type PrismaClient } from '../../support/pages-connection.js';
import type { TestDatabase } from '../../support/test-database.js';
import {
  addTo,
  asWhere,
  judge,
  predicates,
  type Predicate,
  type Truth,
  type Verbs,
} from '../../support/three-valued-logic.js';

const PREDICATES = 2_000;
const AT_A_TIME = 4;

let database: TestDatabase;
let opened: OpenDatabase;
let prisma: PrismaClient;
let table: ModelTable;
let rows: readonly EntryRow[];

beforeAll(async () => {
  database = await createPagesDatabase();
  await database.query("INSERT INTO shelf VALUES (1, 'one'), (2, 'two')");
  opened = await openPages(database);
  prisma = opened.prisma.client as unknown as PrismaClient;
  table = await partsOf(opened.db).catalog.table('entry');
  rows = fc
    .sample(entryRows({ maxLength: 80 }), { numRuns: 30, seed: 3 })
    .reduce((longest, some) => (some.length > longest.length ? some : longest));
  const { sql, values } = insertEntries(rows);
  await opened.db.query(sql, values);
});

afterAll(async () => {
  await opened.close();
  await database.drop();
});

type Answers = readonly (readonly [id: bigint, truth: Truth])[];

/** What the judge says of each row, in the order of their ids. */
function judged(predicate: Predicate): Answers {
  const answers = rows.map(({ id }, index) => [id, judge(predicate, rows[index] as EntryRow)] as const);
  return answers.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** What PostgreSQL says of each row. */
async function answered(condition: string, values: readonly unknown[]): Promise<Answers> {
  const found = await opened.db.query<{ id: bigint; truth: Truth }>(
    `SELECT id, (${condition}) AS truth FROM entry AS t ORDER BY id`,
    values,
  );
  return found.map(({ id, truth }) => [id, truth] as const);
}

type Query = ReturnType<QueryBuilder<AnyTables>['from']>;

/** A query of the builder with the predicate as its condition. */
function queryFor(source: string, predicate: Predicate): Query {
  const builder = opened.db.getQueryBuilder() as unknown as QueryBuilder<AnyTables>;
  return addTo(builder.from(source) as unknown as Verbs, predicate) as unknown as Query;
}

/** The rows that it gives. */
async function found(predicate: Predicate): Promise<readonly bigint[]> {
  const records = await queryFor('entry', predicate).select('id').orderBy('id').get();
  return records.map(({ id }) => id as bigint);
}

const idsOf = (answers: Answers, wanted: Truth) =>
  answers.filter(([, truth]) => truth === wanted).map(([id]) => id);

/** Runs the check for all of them, a few at a time, and says which truths there were. */
async function forEach(check: (predicate: Predicate, expected: Answers) => Promise<boolean>) {
  const sample = fc.sample(predicates, { numRuns: PREDICATES, seed: 11 });
  const seen = { true: 0, false: 0, null: 0, checked: 0 };
  for (let first = 0; first < PREDICATES; first += AT_A_TIME) {
    await Promise.all(
      sample.slice(first, first + AT_A_TIME).map(async (predicate) => {
        const expected = judged(predicate);
        if (!(await check(predicate, expected))) return;
        seen.checked += 1;
        for (const [, truth] of expected) seen[`${truth}`] += 1;
      }),
    );
  }
  return seen;
}

describe(`A predicate, for ${PREDICATES} random ones over rows with nulls`, () => {
  it('is true, false and unknown in the query builder for the rows of which the standard says so', async () => {
    const seen = await forEach(async (predicate, expected) => {
      const { sql, values } = queryFor('entry as t', predicate).toSql();
      const condition = sql.slice('select * from "entry" as "t" where '.length);
      expect([predicate, await answered(condition, values)]).toEqual([predicate, expected]);
      // The opposite is another text: the builder has no NOT.
      const [holds, fails] = [await found(predicate), await found({ op: 'not', part: predicate })];
      expect([predicate, holds, fails]).toEqual([predicate, idsOf(expected, true), idsOf(expected, false)]);
      expect(holds.length + fails.length + idsOf(expected, null).length).toBe(rows.length);
      return true;
    });
    expect(seen.checked).toBe(PREDICATES);
    for (const truth of ['true', 'false', 'null'] as const) expect(seen[truth]).toBeGreaterThan(5_000);
  }, 180_000);

  it('is the same in the `where` of a repository, as the library compiles it', async () => {
    const seen = await forEach(async (predicate, expected) => {
      const where = asWhere(predicate);
      const condition = where && compileWhere(table, where, 't');
      if (condition === undefined) return false;
      const parameters = new SqlParameters();
      const sql = condition(parameters);
      expect([predicate, await answered(sql, parameters.values)]).toEqual([predicate, expected]);
      return true;
    });
    expect(seen.checked).toBeGreaterThan(PREDICATES / 2);
    for (const truth of ['true', 'false', 'null'] as const) expect(seen[truth]).toBeGreaterThan(2_000);
  }, 120_000);

  it('is what Prisma makes of that `where` too, so that the judge is not the odd one out', async () => {
    let asked = 0;
    const seen = await forEach(async (predicate, expected) => {
      const where = asWhere(predicate);
      if (where === undefined || (asked += 1) > 300) return false;
      const ids = (given: object) =>
        prisma.entry.findMany({ where: given, select: { id: true }, orderBy: { id: 'asc' } });
      const answers = [await ids(where), await ids({ NOT: where })].map((list) => list.map(({ id }) => id));
      expect([predicate, ...answers]).toEqual([predicate, idsOf(expected, true), idsOf(expected, false)]);
      return true;
    });
    expect(seen.checked).toBe(300);
  }, 120_000);
});
