import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OpenDatabase, Page } from '../../../libs/database/src/index.js';
import { entryRows, insertEntries, type EntryRow } from '../../support/page-rows.js';
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

/** A condition on a relation is beyond the library's own SQL. */
const where = { OR: [{ shelf: { is: { id: { gt: 0 } } } }, { shelfId: null }] };
const argsOf = { sql: shapes.sql, keys: shapes.keys, prisma: { ...shapes.prisma, where } };

type Order = typeof orders extends fc.Arbitrary<infer Columns> ? Columns : never;
const orderOf = (order: Order) => order.map(({ field, value }) => ({ [field]: value })) as never[];
/** With the tie-breaker that the pages add. */
const totalOrderOf = (order: Order) => {
  const directions = order.map(({ value }) => (typeof value === 'string' ? value : value.sort));
  return [...orderOf(order), { id: directions.at(-1) ?? 'asc' }] as never[];
};
const idOf = ({ id }: { readonly id: bigint }) => id;

async function insert(rows: readonly EntryRow[]): Promise<void> {
  const { sql, values } = insertEntries(rows);
  await opened.db.query(sql, values);
}

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
          await insert(rows);
          for (const order of someOrders) {
            const expected = await prisma.entry.findMany({ orderBy: totalOrderOf(order), ...shapes[way] });
            const seen: unknown[] = [];
            let cursor: string | null = null;
            for (let pages = 0; ; pages += 1) {
              expect(pages).toBeLessThanOrEqual(rows.length);
              const page: Page<unknown> = await entries.paginate({
                ...(isForward ? { first: size, after: cursor } : { last: size, before: cursor }),
                orderBy: orderOf(order),
                ...argsOf[way],
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

  it('visit every row that stays exactly once, and none twice, while others are inserted and deleted between the pages', async () => {
    const change = fc.record({
      inserts: fc.integer({ min: 0, max: 3 }),
      deletesOfSeen: fc.array(fc.nat(), { maxLength: 2 }),
      deletesTheLastSeen: fc.boolean(),
      deletesOfUnseen: fc.array(fc.nat(), { maxLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(
        entryRows({ maxLength: 60 }),
        orders,
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        fc.constantFrom<keyof typeof shapes>('sql', 'keys', 'prisma'),
        fc.array(change, { minLength: 1, maxLength: 10 }),
        async (all, order, size, isForward, way, changes) => {
          const rows = all.slice(0, Math.ceil(all.length / 2));
          const later = all.slice(rows.length);
          await opened.db.query('TRUNCATE entry');
          await insert(rows);
          const orderBy = orderOf(order);
          const current = async () =>
            (await prisma.entry.findMany({ orderBy: totalOrderOf(order), select: { id: true } })).map(idOf);
          const staying = await current();
          if (!isForward) staying.reverse();
          const seen: bigint[] = [];
          let cursor: string | null = null;
          for (let pages = 0; ; pages += 1) {
            const present = await current();
            const page: Page<{ readonly id: bigint }> = await entries.paginate({
              ...(isForward ? { first: size, after: cursor } : { last: size, before: cursor }),
              orderBy,
              ...argsOf[way],
            } as never);
            const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
            const ids = page.items.map(idOf);
            if (ids.length > 0) {
              const start = present.indexOf(ids[0] ?? -1n);
              expect(ids).toEqual(present.slice(start, start + ids.length));
              expect(hasPreviousPage).toBe(start > 0);
              expect(hasNextPage).toBe(start + ids.length < present.length);
            }
            seen.push(...(isForward ? ids : ids.reverse()));
            if (!(isForward ? hasNextPage : hasPreviousPage)) break;
            expect(ids).toHaveLength(size);
            cursor = isForward ? endCursor : startCursor;
            const { inserts, deletesOfSeen, deletesTheLastSeen, deletesOfUnseen } = changes[
              pages % changes.length
            ] as (typeof changes)[number];
            // They may stand before the window, after it, or between its rows and the next.
            await insert(later.splice(0, inserts));
            const ahead = present.filter((id) => !seen.includes(id));
            const unseen = deletesOfUnseen.flatMap((pick) => ahead[pick % ahead.length] ?? []);
            for (const id of unseen) if (staying.includes(id)) staying.splice(staying.indexOf(id), 1);
            const gone = deletesOfSeen.flatMap((pick) => seen[pick % seen.length] ?? []);
            if (deletesTheLastSeen) gone.push(seen.at(-1) ?? -1n);
            await prisma.entry.deleteMany({ where: { id: { in: [...unseen, ...gone] } } });
          }
          expect(new Set(seen).size).toBe(seen.length);
          const initial = new Set(rows.map(idOf));
          expect(seen.filter((id) => initial.has(id))).toEqual(staying);
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);
});
