import { beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { openDatabase, RepositoryFor, ValidationError } from '../../../libs/database/src/index.js';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { createTestDatabase } from '../../support/test-database.js';
import { account, type Records, useRecords } from './records.js';

let records: Records;

useRecords((opened) => (records = opened));
beforeEach(() => {
  records.accounts.checked.length = 0;
});

const NOBODY = { email: 'nobody', name: 'x' };

describe('validation', () => {
  it('sees what the caller gave, in every write that takes data', async () => {
    const { accounts } = records;
    const [first, second, third] = [account(), account(), account()] as const;
    const { id } = await accounts.create({ data: first });
    await accounts.createMany({ data: [second, third] });
    await accounts.update({ where: { id, version: 1 }, data: { name: 'a' } });
    await accounts.updateMany({ where: { id }, data: { name: 'b' } });
    await accounts.upsert({ where: { id }, create: first, update: { name: 'c' } });
    expect(accounts.checked).toEqual([
      first,
      second,
      third,
      { name: 'a' },
      { name: 'b' },
      first,
      { name: 'c' },
    ]);
  });

  it('refuses with the path of the field, sync or async, and nothing is written', async () => {
    const { accounts } = records;
    await expect(accounts.create({ data: NOBODY })).rejects.toMatchObject({
      code: 'VALIDATION',
      path: 'email',
    });
    const { id } = await accounts.create({ data: account('Ann') });
    const data = { email: 'nobody', name: '' };
    const both = { problems: [{ path: 'email' }, { path: 'name' }] };
    await expect(accounts.update({ where: { id, version: 1 }, data })).rejects.toMatchObject(both);
    await expect(accounts.updateMany({ where: { id }, data })).rejects.toMatchObject(both);
    await expect(accounts.upsert({ where: { id }, create: account(), update: data })).rejects.toMatchObject(
      both,
    );
    await expect(accounts.upsert({ where: { id }, create: NOBODY, update: {} })).rejects.toMatchObject({
      path: 'email',
    });
    expect(await accounts.findMany({ select: { name: true, version: true } })).toEqual([
      { name: 'Ann', version: 1 },
    ]);
  });

  it('names the place of the record in a list', async () => {
    const { accounts } = records;
    const many = accounts.createMany({ data: [account(), NOBODY] });
    await expect(many).rejects.toBeInstanceOf(ValidationError);
    await expect(many).rejects.toMatchObject({ path: '1.email', problem: 'is no address.' });
    expect(await accounts.count()).toBe(0);
  });

  it('does not take a value in place of the data, which would be dropped without a word', async () => {
    @Injectable()
    class Replacing extends RepositoryFor('category') {
      protected override validateCreateData(data: { name: string }): void {
        return { ...data, name: 'replaced' } as never;
      }
    }
    const shop = await createTestDatabase();
    try {
      await using database = await openDatabase({
        client: PrismaClient,
        url: shop.url,
        env: false,
        redis: false,
      });
      await expect(
        database.repository(Replacing).create({ data: { name: 'x', slug: 'x' } }),
      ).rejects.toMatchObject({ code: 'INVALID_OPTIONS', violations: [{ path: 'validateCreateData' }] });
      expect(await database.prisma.category.count()).toBe(0);
    } finally {
      await shop.drop();
    }
  });
});

describe('timestamps', () => {
  it('are filled at creation and at each change, unless the caller gives them', async () => {
    const { accounts } = records;
    const before = new Date();
    const created = await accounts.create({ data: account() });
    expect(created.createdAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(created.updatedAt).toEqual(created.createdAt);
    const { id } = created;
    const past = new Date('2001-02-03T04:05:06Z');
    expect(await accounts.update({ where: { id, version: 1 }, data: { updatedAt: past } })).toMatchObject({
      updatedAt: past,
      createdAt: created.createdAt,
    });
    await accounts.updateMany({ where: { id }, data: { name: 'x' } });
    expect((await accounts.getById(id)).updatedAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
    await accounts.createMany({ data: [{ ...account('Old'), createdAt: past }] });
    expect(await accounts.getOne({ where: { name: 'Old' } })).toMatchObject({ createdAt: past });
  });
});
