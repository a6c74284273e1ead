import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OpenDatabase, Page } from '../../../libs/database/src/index.js';
import { entryRows, insertEntries } from '../../support/page-rows.js';
import {
  createPagesDatabase,
  openPages,
  pagesRepository,
  type PrismaClient,
} from '../../support/pages-connection.js';
import type { TestDatabase } from '../../support/test-database.js';

class Entries extends pagesRepository('entry') {}

let database: TestDatabase;
let opened: OpenDatabase;
let entries: Entries;
let prisma: PrismaClient;

beforeAll(async () => {
  database = await createPagesDatabase();
  await database.query("INSERT INTO shelf VALUES (1, 'one'), (2, 'two')");
  opened = await openPages(database);
  entries = opened.repository(Entries);
  prisma = opened.prisma.client as unknown as PrismaClient;
});

afterAll(async () => {
  await opened.close();
  await database.drop();
});

const NOT_NULL = ['id', 'rank', 'at'];
const NULLABLE = [
  'score', 'big', 'amount', 'ratio', 'title', 'code', 'nick', 'ref', 'flag', 'level', 'mood', 'seen', 'day', 'raw', 'shelfId',
]; // prettier-ignore
const direction = fc.constantFrom('asc', 'desc');
const orders = fc.uniqueArray(
  fc.oneof(
    fc.record({ field: fc.constantFrom(...NOT_NULL), value: direction }),
    fc.record({
      field: fc.constantFrom(...NULLABLE),
      value: fc.oneof(direction, fc.record({ sort: direction, nulls: fc.constantFrom('first', 'last') })),
    }),
  ),
  { selector: ({ field }) => field, minLength: 0, maxLength: 3 },
);

/** Who answers: SQL alone, Prisma by keys that SQL has found, or Prisma for both. */
const shapes = {
  sql: { omit: { tags: true, mood: true } },
  keys: { include: { shelf: true } },
  prisma: {},
} as const;

describe('Pages by keyset', () => {
  it('visit every row once in the order of Prisma, whatever the rows, the order, the size and the direction', async () => {
    await fc.assert(
      fc.asyncProperty(
        entryRows(),
        fc.array(orders, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        fc.constantFrom<keyof typeof shapes>('sql', 'keys', 'prisma'),
        async (rows, someOrders, size, isForward, way) => {
          await opened.db.query('TRUNCATE entry');
          const { sql, values } = insertEntries(rows);
          await opened.db.query(sql, values);
          for (const order of someOrders) {
            const orderBy = order.map(({ field, value }) => ({ [field]: value })) as never[];
            const tie =
              order.map(({ value }) => (typeof value === 'string' ? value : value.sort)).at(-1) ?? 'asc';
            const expected = await prisma.entry.findMany({
              orderBy: [...orderBy, { id: tie as 'asc' }],
              ...shapes[way],
            });
            const asked = {
              ...shapes[way],
              // A condition on a relation is beyond the library's own SQL.
              ...(way === 'prisma' && {
                where: { OR: [{ shelf: { is: { id: { gt: 0 } } } }, { shelfId: null }] },
              }),
            };
            const seen: unknown[] = [];
            let cursor: string | null = null;
            for (let pages = 0; ; pages += 1) {
              expect(pages).toBeLessThanOrEqual(rows.length);
              const page: Page<unknown> = await entries.paginate({
                ...(isForward ? { first: size, after: cursor } : { last: size, before: cursor }),
                orderBy,
                ...asked,
              } as never);
              if (isForward) seen.push(...page.items);
              else seen.unshift(...page.items);
              const { pageInfo } = page;
              const [more, less] = isForward
                ? [pageInfo.hasNextPage, pageInfo.hasPreviousPage]
                : [pageInfo.hasPreviousPage, pageInfo.hasNextPage];
              expect(less).toBe(pages > 0);
              if (!more) break;
              expect(page.items).toHaveLength(size);
              cursor = isForward ? pageInfo.endCursor : pageInfo.startCursor;
            }
            expect(seen).toEqual(expected);
          }
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);
});
