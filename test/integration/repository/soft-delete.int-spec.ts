import { describe, expect, it } from '@jest/globals';
import { RepositoryFor, openDatabase } from '../../../libs/database/src/index.js';
import { PrismaClient } from '../../support/records/generated/prisma/client.js';
import { account, type Records, useRecords } from './records.js';

let records: Records;

useRecords((opened) => (records = opened));

/** A living one and a deleted one. */
async function twoAccounts() {
  const { accounts } = records;
  const living = await accounts.create({ data: account('Ann') });
  const dead = await accounts.create({ data: account('Bob') });
  await accounts.delete({ where: { id: dead.id, version: 1 } });
  return { living, dead };
}

describe('soft delete', () => {
  it('marks the record with the time and leaves its row', async () => {
    const before = new Date();
    const { dead } = await twoAccounts();
    const [row] = await records.database.query<{ deleted_at: Date; version: number; updated_at: Date }>(
      'SELECT * FROM account WHERE id = $1',
      [dead.id],
    );
    expect(row?.deleted_at.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(row?.deleted_at.getTime()).toBeLessThanOrEqual(Date.now());
    expect(row).toMatchObject({ version: 2 });
    expect(row?.updated_at.getTime()).toBeGreaterThanOrEqual(before.getTime());
  });

  it('hides deleted records from every method', async () => {
    const { accounts } = records;
    const { living, dead } = await twoAccounts();
    const { id } = dead;
    expect(await accounts.findById(id)).toBeNull();
    await expect(accounts.getById(id)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND', key: id });
    expect(await accounts.findByIds([id, living.id])).toEqual([
      null,
      expect.objectContaining({ id: living.id }),
    ]);
    expect(await accounts.findOne({ where: { id } })).toBeNull();
    await expect(accounts.getOne({ where: { id } })).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
    expect(await accounts.findMany()).toHaveLength(1);
    expect(await accounts.findMany({ where: { OR: [{ id }, { id: living.id }] } })).toHaveLength(1);
    expect(await accounts.count()).toBe(1);
    expect(await accounts.count({ select: { _all: true } })).toEqual({ _all: 1 });
    expect(await accounts.exists({ where: { id } })).toBe(false);
    expect(await accounts.exists()).toBe(true);
    expect(await accounts.aggregate({ _count: { _all: true } })).toEqual({ _count: { _all: 1 } });
    expect(await accounts.groupBy({ by: ['name'], _count: { _all: true } })).toEqual([
      { name: 'Ann', _count: { _all: 1 } },
    ]);
    await expect(accounts.update({ where: { id, version: 2 }, data: { name: 'x' } })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
      key: { id, version: 2 },
    });
    expect(await accounts.updateMany({ all: true, data: { balance: 7 } })).toEqual({ count: 1 });
    await expect(accounts.delete({ where: { id, version: 2 } })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
    });
    await expect(accounts.hardDelete({ where: { id, version: 2 } })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
    });
    expect(await accounts.deleteMany({ where: { id } })).toEqual({ count: 0 });
    expect(await accounts.hardDeleteMany({ where: { id } })).toEqual({ count: 0 });
    await expect(
      accounts.upsert({ where: { id }, create: { ...account(), id }, update: { name: 'x' } }),
    ).rejects.toMatchObject({ code: 'UNIQUE_VIOLATION' });
    const [row] = await records.database.query('SELECT name, balance, version FROM account WHERE id = $1', [
      id,
    ]);
    expect(row).toEqual({ name: 'Bob', balance: 0, version: 2 });
  });

  it.each<[string, object]>([
    ['a condition on the mark itself', { deletedAt: { not: null } }],
    ['an OR on the mark', { OR: [{ deletedAt: { not: null } }, { deletedAt: null }] }],
    ['an AND of its own', { AND: { deletedAt: { not: null } }, deletedAt: { not: null } }],
    ['a list of ANDs', { AND: [{ name: 'Bob' }], deletedAt: { not: null } }],
    ['an inherited condition', Object.create({ name: 'Bob' }) as object],
  ])('cannot be lifted by the condition: %s', async (_title, where) => {
    const { living } = await twoAccounts();
    const found = await records.accounts.findMany({ where });
    expect(found.map(({ id }) => id).filter((id) => id !== living.id)).toEqual([]);
    if ('name' in where) expect(found).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['null', null],
    [
      'an object of a class',
      new (class TenantFilter {
        readonly name = 'Nobody';
      })(),
    ],
  ])('never deletes more because `AND` is %s', async (_title, AND) => {
    const { living } = await twoAccounts();
    const where = { AND } as never;
    const { accounts } = records;
    for (const write of [() => accounts.deleteMany({ where }), () => accounts.hardDeleteMany({ where })])
      await write().catch(() => undefined);
    expect((await accounts.findMany()).map(({ id }) => id)).toEqual([living.id]);
  });

  it.each([null, [], 'x', 5])(
    'refuses a condition that is none (%p) instead of replacing it',
    async (where) => {
      await expect(records.accounts.findMany({ where: where as never })).rejects.toMatchObject({
        code: 'VALIDATION',
      });
    },
  );

  it('deletes many by marking them, and each of them once', async () => {
    const { accounts, database } = records;
    await accounts.createMany({ data: [account('Ann'), account('Ann'), account('Bob')] });
    expect(await accounts.deleteMany({ where: { name: 'Ann' } })).toEqual({ count: 2 });
    const marks = await database.query('SELECT deleted_at FROM account WHERE deleted_at IS NOT NULL');
    expect(await accounts.deleteMany({ all: true })).toEqual({ count: 1 });
    expect(await accounts.withDeleted().deleteMany({ all: true })).toEqual({ count: 0 });
    expect(
      await database.query("SELECT deleted_at FROM account WHERE deleted_at IS NOT NULL AND name = 'Ann'"),
    ).toEqual(marks);
    expect(await database.query('SELECT version FROM account')).toEqual([
      { version: 2 },
      { version: 2 },
      { version: 2 },
    ]);
  });

  it('restores a deleted record, and only a deleted one', async () => {
    const { accounts } = records;
    const { living, dead } = await twoAccounts();
    const restored = await accounts.restore({
      where: { id: dead.id },
      select: { deletedAt: true, version: true },
    });
    expect(restored).toEqual({ deletedAt: null, version: 3 });
    expect(await accounts.count()).toBe(2);
    await expect(accounts.restore({ where: { id: living.id } })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
      operation: 'restore',
      key: { id: living.id },
    });
    await accounts.delete({ where: { id: dead.id, version: 3 } });
    await expect(accounts.restore({ where: { id: dead.id, version: 3 } })).rejects.toMatchObject({
      code: 'STALE_VERSION',
      expectedVersion: 3,
      actualVersion: 4,
    });
    await accounts.restore({ where: { email: dead.email, version: 4 } });
    expect(await accounts.count()).toBe(2);
  });

  it('shows all records in withDeleted, and the deleted ones in onlyDeleted, by the same methods', async () => {
    const { accounts } = records;
    const { living, dead } = await twoAccounts();
    const all = accounts.withDeleted();
    const deleted = accounts.onlyDeleted();
    expect(await all.count()).toBe(2);
    expect(await deleted.count()).toBe(1);
    expect(await all.findById(dead.id, { select: { name: true } })).toEqual({ name: 'Bob' });
    expect(await deleted.findById(living.id)).toBeNull();
    expect(await deleted.findMany({ select: { name: true } })).toEqual([{ name: 'Bob' }]);
    expect((await all.findByIds([dead.id, living.id])).map((each) => each?.name)).toEqual(['Bob', 'Ann']);
    await all.update({ where: { id: dead.id, version: 2 }, data: { name: 'Robert' } });
    expect(await deleted.getOne({ select: { name: true } })).toEqual({ name: 'Robert' });
    await expect(
      all.update({ where: { id: dead.id, version: 3 }, data: { name: '' } }),
    ).rejects.toMatchObject({
      code: 'VALIDATION',
      path: 'name',
    });
    await expect(deleted.hardDelete({ where: { id: living.id, version: 1 } })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
    });
    expect(await deleted.hardDelete({ where: { id: dead.id, version: 3 } })).toMatchObject({
      name: 'Robert',
    });
    expect(await all.count()).toBe(1);
    expect(await all.hardDeleteMany({ all: true })).toEqual({ count: 1 });
  });

  it('takes a field of another name', async () => {
    const { notes, database } = records;
    const { id } = await notes.create({ data: { text: 'x' } });
    await notes.delete({ where: { id, revision: 0 } });
    expect(await notes.count()).toBe(0);
    expect(await database.query('SELECT removed_at IS NOT NULL AS marked, rev FROM note')).toEqual([
      { marked: true, rev: 1 },
    ]);
    expect(await notes.restore({ where: { id } })).toMatchObject({ removedAt: null, revision: 2 });
  });

  it('does not reach records through a relation, which belong to another repository', async () => {
    const { accounts, notes } = records;
    const owner = await accounts.create({ data: { ...account(), notes: { create: { text: 'x' } } } });
    await notes.deleteMany({ all: true });
    const { notes: read } = await accounts.getById(owner.id, { include: { notes: true } });
    expect(read).toHaveLength(1);
    expect(
      await accounts.getById(owner.id, { include: { notes: { where: { removedAt: null } } } }),
    ).toMatchObject({
      notes: [],
    });
  });

  it('says which option is wrong, all of them, at the first use, where types are not asked', async () => {
    const Untyped = RepositoryFor as (
      model: string,
      options: object,
    ) => new () => { count(): Promise<number> };
    const Wrong = Untyped('setting', {
      softDelete: true,
      version: { field: 'value' },
      timestamps: { createdAt: 'born' },
    });
    await using database = await openDatabase({
      client: PrismaClient,
      url: records.database.url,
      env: false,
      redis: false,
    });
    const wrong = database.repository(Wrong);
    await expect(wrong.count()).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      violations: [{ path: 'softDelete' }, { path: 'version' }, { path: 'timestamps.createdAt' }],
    });
    const plain = records.settings as unknown as {
      withDeleted(): unknown;
      restore(args: object): Promise<unknown>;
    };
    expect(() => plain.withDeleted()).toThrow('`softDelete` is not given');
    await expect(plain.restore({ where: { key: 'x' } })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('never shows a deleted record on a page, and counts and ends pages without them', async () => {
    const { accounts } = records;
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names) await accounts.create({ data: account(name) });
    // The last one as well: a page that looked ahead at it would promise a page that is empty.
    for (const { id } of await accounts.findMany({ where: { name: { in: ['b', 'd', 'f'] } } }))
      await accounts.delete({ where: { id, version: 1 } });

    const views = [
      [accounts, ['a', 'c', 'e']],
      [accounts.onlyDeleted(), ['b', 'd', 'f']],
      [accounts.withDeleted(), names],
    ] as const;
    for (const [view, expected] of views) {
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof readPage>> = await readPage(view, after);
        seen.push(...page.items.map(({ name }) => name));
        expect(page.totalCount).toBe(expected.length);
        expect(page.pageInfo.hasNextPage).toBe(seen.length < expected.length);
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      } while (after !== null);
      expect(seen).toEqual(expected);

      const numbered = await Promise.all(
        [1, 2, 3].map(
          async (page) => await view.paginateByOffset({ page, pageSize: 2, orderBy: { name: 'asc' } }),
        ),
      );
      expect(numbered.flatMap(({ items }) => items.map(({ name }) => name))).toEqual(expected);
      for (const { totalCount } of numbered) expect(totalCount).toBe(expected.length);
    }
  });
});

/** Two accounts by name. */
async function readPage(view: Pick<Records['accounts'], 'paginate'>, after: string | null) {
  return await view.paginate({ first: 2, after, orderBy: { name: 'asc' }, withTotal: true });
}
