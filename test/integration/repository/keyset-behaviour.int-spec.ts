import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  InvalidCursorError,
  InvalidOptionsError,
  type DatabaseModuleOptions,
  type OpenDatabase,
} from '../../../libs/database/src/index.js';
import { partsOf } from '../../../libs/database/src/query/database.js';
import {
  createPagesDatabase,
  openPages,
  pagesRepository,
  type PrismaClient,
} from '../../support/pages-connection.js';
import type { TestDatabase } from '../../support/test-database.js';

class Pairs extends pagesRepository('pair') {}
class Badges extends pagesRepository('badge') {}
class Looses extends pagesRepository('loose') {}
class Entries extends pagesRepository('entry') {}

const SECRET = 'the secret of this suite, long enough';

let database: TestDatabase;
let opened: OpenDatabase;
let entries: Entries;

beforeAll(async () => {
  database = await createPagesDatabase();
  opened = await openPages(database, { pagination: { secret: SECRET, maxPageSize: 50 } });
  entries = opened.repository(Entries);
});

beforeEach(async () => {
  await database.query(`
    TRUNCATE entry, shelf, pair, badge, loose;
    INSERT INTO shelf VALUES (1, 'one'), (2, 'two');
    INSERT INTO entry (id, rank, at, shelf_id)
      SELECT n, n / 3, timestamptz '2024-01-01' + n * interval '1 microsecond', 1 + n % 2 FROM generate_series(10, 39) AS n`);
});

afterAll(async () => {
  await opened.close();
  await database.drop();
});

const ids = (page: { readonly items: readonly { readonly id: bigint }[] }) =>
  page.items.map(({ id }) => Number(id));
const withOther = async <Result>(
  options: Partial<DatabaseModuleOptions>,
  work: (other: OpenDatabase) => Promise<Result>,
): Promise<Result> => {
  const other = await openPages(database, { pagination: { secret: SECRET }, ...options });
  try {
    return await work(other);
  } finally {
    await other.close();
  }
};

describe('A page', () => {
  it('follows a cursor on whatever is created or deleted before it and after it, its own record included', async () => {
    const orderBy = { rank: 'asc' } as const;
    const first = await entries.paginate({ first: 5, orderBy });
    expect(ids(first)).toEqual([10, 11, 12, 13, 14]);
    await database.query(
      'DELETE FROM entry WHERE id IN (10, 14, 39); INSERT INTO entry (id, rank, at) VALUES (1, 0, now()), (900, 99, now())',
    );
    const second = await entries.paginate({ first: 40, after: first.pageInfo.endCursor, orderBy });
    expect(ids(second)).toEqual([...Array.from({ length: 24 }, (_, index) => 15 + index), 900]);
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('says truly whether records are left before it, also when they were all deleted', async () => {
    const first = await entries.paginate({ first: 5 });
    await database.query('DELETE FROM entry WHERE id < 15');
    const after = first.pageInfo.endCursor;
    expect((await entries.paginate({ first: 5, after })).pageInfo.hasPreviousPage).toBe(false);
    await database.query('DELETE FROM entry');
    const empty = await entries.paginate({ first: 5, after });
    expect(empty).toMatchObject({
      items: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  it('leads on to the next page when all its records are deleted while it is read', async () => {
    const { executor } = partsOf(opened.db);
    const execute = executor.execute.bind(executor);
    // Between the statement that finds the keys and Prisma's for the records.
    const keysOnly = jest.spyOn(executor, 'execute').mockImplementationOnce(async (statement) => {
      const keys = await execute(statement);
      await database.query('DELETE FROM entry WHERE id < 15');
      return keys;
    });
    const gone = await entries.paginate({ first: 5, include: { shelf: true } });
    keysOnly.mockRestore();
    expect(gone).toMatchObject({ items: [], edges: [], pageInfo: { hasNextPage: true } });
    const next = await entries.paginate({ first: 5, after: gone.pageInfo.endCursor });
    expect(ids(next)).toEqual([15, 16, 17, 18, 19]);
    expect(next.pageInfo.hasPreviousPage).toBe(false);
  });

  it('has the shape of Relay with a cursor for each record, which JSON leaves out', async () => {
    const page = await entries.paginate({ first: 3, select: { id: true }, withTotal: true });
    expect(page.totalCount).toBe(30);
    expect(page.edges.map(({ node }) => node)).toEqual(page.items);
    expect(page.edges[2]?.cursor).toBe(page.pageInfo.endCursor);
    const next = await entries.paginate({ first: 1, after: page.edges[0]?.cursor, select: { id: true } });
    expect(ids(next)).toEqual([11]);
    expect(Object.keys(page)).toEqual(['items', 'pageInfo', 'totalCount']);
  });

  it('selects, includes and omits as Prisma does, without the key it needs for itself', async () => {
    const [selected] = (await entries.paginate({ first: 1, select: { rank: true, shelf: true } })).items;
    expect(selected).toEqual({ rank: 3, shelf: { id: 1, name: 'one' } });
    const [omitted] = (await entries.paginate({ first: 1, omit: { id: true } })).items;
    expect(omitted).not.toHaveProperty('id');
    await withOther({ clientOptions: { omit: { entry: { rank: true } } } }, async (other) => {
      const [global] = (await other.repository(Entries).paginate({ first: 1, omit: { tags: true } })).items;
      expect(global).not.toHaveProperty('rank');
    });
  });

  it('is read with one statement where it has plain values only', async () => {
    const statements: string[] = [];
    const { executor } = (
      opened.db as unknown as { parts: { executor: { execute(statement: { sql: string }): unknown } } }
    ).parts;
    const execute = executor.execute.bind(executor);
    executor.execute = (statement) => {
      statements.push(statement.sql);
      return execute(statement);
    };
    const { pageInfo } = await entries.paginate({
      first: 3,
      select: { id: true, at: true },
      where: { rank: { gt: 3 } },
    });
    await entries.paginate({
      first: 3,
      after: pageInfo.endCursor,
      select: { id: true },
      where: { rank: { gt: 3 } },
    });
    executor.execute = execute;
    expect(statements).toHaveLength(2);
  });

  it('filters by relations, through Prisma, to the microsecond', async () => {
    const seen: number[] = [];
    let after: string | null = null;
    do {
      const page: {
        items: readonly { id: bigint }[];
        pageInfo: { endCursor: string | null; hasNextPage: boolean };
      } = await entries.paginate({
        first: 4,
        after,
        orderBy: { at: 'desc' },
        where: { shelf: { name: 'one' } },
      });
      seen.push(...ids(page));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(Array.from({ length: 15 }, (_, index) => 38 - 2 * index));
  });

  it('joins the transaction it runs in', async () => {
    const undone = opened.transactions.run(async () => {
      await entries.deleteMany({ where: { id: { lt: 20n } } });
      expect(ids(await entries.paginate({ first: 2, select: { id: true } }))).toEqual([20, 21]);
      expect(ids(await entries.paginate({ first: 2 }))).toEqual([20, 21]);
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(ids(await entries.paginate({ first: 1 }))).toEqual([10]);
  });

  it('keeps what extensions of the client do to queries and results', async () => {
    const onlyEven = (client: PrismaClient) =>
      client.$extends({
        query: {
          entry: {
            findMany: ({ args, query }) =>
              query({ ...args, where: { AND: [args.where ?? {}, { id: { in: [12n, 14n, 16n, 18n] } }] } }),
          },
        },
      });
    await withOther({ extend: onlyEven }, async (other) => {
      const page = await other.repository(Entries).paginate({ first: 3 });
      expect(ids(page)).toEqual([12, 14, 16]);
      const next = await other.repository(Entries).paginate({ first: 3, after: page.pageInfo.endCursor });
      expect(ids(next)).toEqual([18]);
      expect(next.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    });
    const shouting = (client: PrismaClient) =>
      client.$extends({
        result: { entry: { label: { needs: { rank: true }, compute: ({ rank }) => `#${rank}` } } },
      });
    await withOther({ extend: shouting }, async (other) => {
      const [item] = (await other.repository(Entries).paginate({ first: 1, omit: { tags: true } })).items;
      expect(item).toMatchObject({ label: '#3' });
    });
  });

  it('works with compound keys and with a unique key in place of a primary one', async () => {
    await database.query(`
      INSERT INTO pair SELECT chr(97 + n / 3), n % 3, CASE WHEN n % 2 = 0 THEN 'x' END FROM generate_series(0, 8) AS n;
      INSERT INTO badge SELECT n, 'same' FROM generate_series(1, 5) AS n`);
    const pairs = opened.repository(Pairs);
    const first = await pairs.paginate({ first: 5, orderBy: { note: 'desc' } });
    const second = await pairs.paginate({
      first: 5,
      after: first.pageInfo.endCursor,
      orderBy: { note: 'desc' },
    });
    expect([...first.items, ...second.items]).toEqual(
      await pairs.findMany({ orderBy: [{ note: 'desc' }, { left: 'desc' }, { right: 'desc' }] }),
    );
    const badges = opened.repository(Badges);
    const page = await badges.paginate({ first: 3, orderBy: { holder: 'asc' } });
    const rest = await badges.paginate({
      first: 3,
      after: page.pageInfo.endCursor,
      orderBy: { holder: 'asc' },
    });
    expect([...page.items, ...rest.items].map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  });

  it('refuses what cannot be paged, and names the argument', async () => {
    const refused = async (args: object, path: string) => {
      await expect(entries.paginate(args as never)).rejects.toMatchObject({ code: 'VALIDATION', path });
    };
    await refused({}, 'first');
    await refused({ first: 1, last: 1 }, 'last');
    await refused({ first: 0 }, 'first');
    await refused({ first: 51 }, 'first');
    await refused({ last: 1.5 }, 'last');
    await refused({ first: 1, before: 'x' }, 'before');
    await refused({ first: 1, orderBy: { shelf: { name: 'asc' } } }, 'orderBy.shelf');
    await refused({ first: 1, orderBy: { tags: 'asc' } }, 'orderBy.tags');
    await refused({ first: 1, orderBy: { rank: 'up' } }, 'orderBy.rank');
    await refused({ first: 1, where: { rank: undefined } }, 'where.rank');
  });

  it('says of a mistake in the program or the schema that it is none of the value', async () => {
    const mistaken = async (page: Promise<unknown>, path: string) => {
      await expect(page).rejects.toMatchObject({ code: 'INVALID_OPTIONS', violations: [{ path }] });
    };
    await mistaken(entries.paginate({ first: 1, skip: 1 } as never), 'skip');
    await mistaken(entries.paginate(undefined as never), 'args');
    await mistaken(entries.paginateByOffset({ page: 1, pageSize: 1, take: 1 } as never), 'take');
    await mistaken(opened.repository(Looses).paginate({ first: 1 }), 'orderBy');
  });
});

describe('A cursor', () => {
  it('is refused with another model, order or secret, and read with an old secret', async () => {
    const { pageInfo } = await entries.paginate({ first: 1, orderBy: { rank: 'asc' } });
    const after = pageInfo.endCursor;
    await expect(entries.paginate({ first: 1, after })).rejects.toBeInstanceOf(InvalidCursorError);
    await expect(entries.paginate({ first: 1, after, orderBy: { rank: 'desc' } })).rejects.toBeInstanceOf(
      InvalidCursorError,
    );
    await expect(opened.repository(Badges).paginate({ first: 1, after })).rejects.toBeInstanceOf(
      InvalidCursorError,
    );
    const secret = 'a new secret that is long enough too';
    await withOther({ pagination: { secret } }, async (other) => {
      const asked = other.repository(Entries).paginate({ first: 1, after, orderBy: { rank: 'asc' } });
      await expect(asked).rejects.toBeInstanceOf(InvalidCursorError);
    });
    await withOther({ pagination: { secret: [secret, SECRET] } }, async (other) => {
      const page = await other.repository(Entries).paginate({ first: 1, after, orderBy: { rank: 'asc' } });
      expect(ids(page)).toEqual([11]);
    });
  });

  it('takes a secret in production, and says which option to give', async () => {
    await withOther({ pagination: undefined, env: { NODE_ENV: 'production' } }, async (other) => {
      const asked = other.repository(Entries).paginate({ first: 1 });
      await expect(asked).rejects.toBeInstanceOf(InvalidOptionsError);
      await expect(asked).rejects.toThrow('pagination.secret');
    });
  });
});

describe('A page by its number', () => {
  it('has the totals, and an order without ties', async () => {
    const page = await entries.paginateByOffset({
      page: 2,
      pageSize: 4,
      orderBy: { shelfId: 'desc' },
      select: { id: true },
    });
    expect(page).toEqual({
      items: [31n, 29n, 27n, 25n].map((id) => ({ id })),
      page: 2,
      pageSize: 4,
      totalCount: 30,
      pageCount: 8,
    });
    const bare = await entries.paginateByOffset({ page: 9, pageSize: 4, withTotal: false });
    expect(bare).toEqual({ items: [], page: 9, pageSize: 4 });
  });

  it('refuses a page that is out of range or too deep', async () => {
    await expect(entries.paginateByOffset({ page: 0, pageSize: 4 })).rejects.toMatchObject({ path: 'page' });
    await expect(entries.paginateByOffset({ page: 1, pageSize: 51 })).rejects.toMatchObject({
      path: 'pageSize',
    });
    await expect(entries.paginateByOffset({ page: 100_000, pageSize: 50 })).rejects.toMatchObject({
      path: 'page',
    });
  });
});
