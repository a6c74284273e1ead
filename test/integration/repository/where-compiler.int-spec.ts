import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OpenDatabase } from '../../../libs/database/src/index.js';
import { partsOf } from '../../../libs/database/src/query/database.js';
import type { ModelTable } from '../../../libs/database/src/query/model-table.js';
import { compileWhere } from '../../../libs/database/src/repository/where/compile-where.js';
import { SqlParameters } from '../../../libs/database/src/repository/where/sql-parameters.js';
import { entryRows, insertEntries } from '../../support/page-rows.js';
import { createPagesDatabase, openPages, type PrismaClient } from '../../support/pages-connection.js';
import { entryWheres } from '../../support/random-where.js';
import type { TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let opened: OpenDatabase;
let prisma: PrismaClient;
let table: ModelTable;

beforeAll(async () => {
  database = await createPagesDatabase();
  await database.query("INSERT INTO shelf VALUES (1, 'one'), (2, 'two')");
  opened = await openPages(database);
  prisma = opened.prisma.client as unknown as PrismaClient;
  table = await partsOf(opened.db).catalog.table('entry');
});

afterAll(async () => {
  await opened.close();
  await database.drop();
});

/** The ids of the rows, or that the condition was refused. */
async function idsOf(
  query: () => Promise<readonly { id: bigint }[]>,
): Promise<readonly bigint[] | 'refused'> {
  try {
    return (await query()).map(({ id }) => id);
  } catch {
    return 'refused';
  }
}

async function bySql(where: unknown): Promise<readonly bigint[] | 'refused' | undefined> {
  const condition = compileWhere(table, where, 't');
  if (condition === undefined) return undefined;
  const parameters = new SqlParameters();
  const sql = `SELECT id FROM entry AS t WHERE ${condition(parameters)} ORDER BY id`;
  return await idsOf(() => opened.db.query<{ id: bigint }>(sql, parameters.values));
}

describe('A condition of Prisma that is compiled to SQL', () => {
  it('means the same to every row, for 1 000 random conditions over random rows', async () => {
    let compiled = 0;
    const rows = fc.sample(entryRows({ maxLength: 60 }), { numRuns: 4, seed: 7 });
    for (const [index, some] of rows.entries()) {
      await opened.db.query('TRUNCATE entry');
      const { sql, values } = insertEntries(some);
      await opened.db.query(sql, values);
      await fc.assert(
        fc.asyncProperty(entryWheres, async (where) => {
          const own = await bySql(where);
          if (own === undefined) return;
          compiled += 1;
          const theirs = await idsOf(() =>
            prisma.entry.findMany({ where: where, select: { id: true }, orderBy: { id: 'asc' } }),
          );
          expect(own).toEqual(theirs);
        }),
        { numRuns: 330, seed: index + 1 },
      );
    }
    expect(compiled).toBeGreaterThan(1_000);
  }, 90_000);

  it.each<[string, unknown]>([
    ['a relation', { shelf: { name: 'one' } }],
    ['a list', { tags: { has: 'x' } }],
    ['JSON', { info: { equals: {} } }],
    ['an enum whose values have other names', { mood: 'GOOD' }],
    ['an unknown field', { nonsense: 1 }],
    ['an unknown operator', { rank: { near: 1 } }],
    ['a value of another type', { rank: '1' }],
    ['a number beyond the column', { rank: 2 ** 40 }],
    ['an invalid date', { at: new Date(Number.NaN) }],
    ['null in a list', { score: { in: [null] } }],
    ['null to compare with', { score: { gt: null } }],
    ['an object in place of a text', { title: { toJSON: () => 'x' } }],
    ['a condition that is none', { AND: [null] }],
  ])('is left to Prisma where it holds %s', (_title, where) => {
    expect(compileWhere(table, where, 't')).toBeUndefined();
  });

  it('never holds a value in its text', () => {
    const parameters = new SqlParameters();
    const text = "'; DROP TABLE entry; --";
    const sql = compileWhere(table, { title: text, NOT: { nick: { contains: text } } }, 't')?.(parameters);
    expect(sql).not.toContain('DROP');
    expect(parameters.values).toEqual([text, `%${text}%`]);
  });
});
