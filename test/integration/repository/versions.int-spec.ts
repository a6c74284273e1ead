import { describe, expect, it } from '@jest/globals';
import {
  getTransactionManagerToken,
  StaleVersionError,
  type TransactionManager,
} from '../../../libs/database/src/index.js';
import { account, type Records, useRecords } from './records.js';

let records: Records;

useRecords((opened) => (records = opened));

describe('versions', () => {
  it('counts each change, whoever makes it', async () => {
    const { accounts } = records;
    const { id, version } = await accounts.create({ data: account() });
    expect(version).toBe(1);
    expect(await accounts.update({ where: { id, version: 1 }, data: { balance: 5 } })).toMatchObject({
      version: 2,
    });
    await accounts.updateMany({ where: { id }, data: { balance: { increment: 1 } } });
    await accounts.upsert({ where: { id }, create: account(), update: { balance: { increment: 1 } } });
    expect(await accounts.getById(id)).toMatchObject({ version: 4, balance: 7 });
  });

  it('refuses a write that expects another version, says both, and writes nothing', async () => {
    const { accounts } = records;
    const { id } = await accounts.create({ data: account('Ann') });
    await accounts.update({ where: { id, version: 1 }, data: { name: 'Anna' } });
    const stale = accounts.update({ where: { id, version: 1 }, data: { name: 'Anne' } });
    await expect(stale).rejects.toBeInstanceOf(StaleVersionError);
    await expect(stale).rejects.toMatchObject({
      code: 'STALE_VERSION',
      model: 'account',
      operation: 'update',
      key: { id, version: 1 },
      expectedVersion: 1,
      actualVersion: 2,
      retryable: false,
      outcome: 'not-applied',
    });
    await expect(accounts.delete({ where: { id, version: 1 } })).rejects.toMatchObject({
      code: 'STALE_VERSION',
    });
    await expect(accounts.hardDelete({ where: { id, version: 1 } })).rejects.toMatchObject({
      code: 'STALE_VERSION',
    });
    expect(await accounts.getById(id)).toMatchObject({ name: 'Anna', version: 2 });
  });

  it('tells a record that is not there, and one that misses another condition, from a changed one', async () => {
    const { accounts } = records;
    const missing = { id: '00000000-0000-4000-8000-000000000000', version: 1 };
    await expect(accounts.update({ where: missing, data: { name: 'x' } })).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
      key: missing,
    });
    const { id } = await accounts.create({ data: account('Ann') });
    await expect(
      accounts.update({ where: { id, version: 1, name: 'Bob' }, data: { name: 'x' } }),
    ).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
  });

  it('works on a compound key', async () => {
    const { seats } = records;
    await seats.create({ data: { row: 'A', number: 1 } });
    const row_number = { row: 'A', number: 1 };
    await seats.update({ where: { row_number, version: 1 }, data: { holder: 'Ann' } });
    await expect(
      seats.update({ where: { row_number, version: 1 }, data: { holder: 'Bob' } }),
    ).rejects.toMatchObject({
      expectedVersion: 1,
      actualVersion: 2,
    });
    await expect(seats.delete({ where: { row_number, version: 1 } })).rejects.toMatchObject({
      code: 'STALE_VERSION',
    });
    expect(await seats.delete({ where: { row_number, version: 2 } })).toMatchObject({ holder: 'Ann' });
  });

  it.each([undefined, null, '1', 1.5, { gte: 0 }, { not: -1 }, Number.NaN])(
    'refuses %p for a version, and sends nothing',
    async (version) => {
      const { accounts } = records;
      const { id } = await accounts.create({ data: account('Ann') });
      const where = { id, version: version as never };
      for (const call of [
        () => accounts.update({ where, data: { name: 'x' } }),
        () => accounts.delete({ where }),
        () => accounts.hardDelete({ where }),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'VALIDATION', path: 'where.version' });
      }
      expect(await accounts.getById(id)).toMatchObject({ name: 'Ann', version: 1 });
    },
  );

  it('refuses a write without a version, and data that set it', async () => {
    const { accounts } = records;
    const { id } = await accounts.create({ data: account('Ann') });
    await expect(accounts.update({ where: { id } as never, data: { name: 'x' } })).rejects.toMatchObject({
      path: 'where.version',
    });
    const data = { version: 9 } as never;
    await expect(accounts.update({ where: { id, version: 1 }, data })).rejects.toMatchObject({
      path: 'data.version',
    });
    await expect(accounts.updateMany({ where: { id }, data })).rejects.toMatchObject({
      path: 'data.version',
    });
    await expect(accounts.upsert({ where: { id }, create: account(), update: data })).rejects.toMatchObject({
      path: 'update.version',
    });
  });

  // Naive: read, compare in the application and update by id lets several of them win.
  it.each(['scalars', 'a relation in the result', 'nested writes', 'a soft delete', 'a row that goes'])(
    'lets exactly one of 50 simultaneous writes of one version win: %s',
    async (form) => {
      const { accounts, notes, seats } = records;
      const { id } = await accounts.create({ data: account('Ann') });
      await seats.create({ data: { row: 'A', number: 1 } });
      const where = { id, version: 1 };
      const write = (balance: number): Promise<unknown> => {
        switch (form) {
          case 'scalars':
            return accounts.update({ where, data: { balance: { increment: balance } } });
          case 'a relation in the result':
            return accounts.update({
              where,
              data: { balance: { increment: balance } },
              include: { notes: true },
            });
          case 'nested writes':
            return accounts.update({ where, data: { notes: { create: { text: String(balance) } } } });
          case 'a soft delete':
            return accounts.delete({ where });
          default:
            return seats.delete({ where: { row_number: { row: 'A', number: 1 }, version: 1 } });
        }
      };
      const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => write(index + 1)));
      const failures = outcomes.flatMap((each) =>
        each.status === 'rejected' ? [each.reason as { code: string }] : [],
      );
      expect(failures).toHaveLength(49);
      const gone = form === 'a soft delete' || form === 'a row that goes';
      const codes = new Set(failures.map(({ code }) => code));
      expect([...codes]).toEqual([gone ? 'RECORD_NOT_FOUND' : 'STALE_VERSION']);
      if (form === 'nested writes') expect(await notes.count()).toBe(1);
      if (form !== 'a row that goes')
        expect(await accounts.withDeleted().getById(id)).toMatchObject({ version: 2 });
    },
    30_000,
  );

  it('loses no increment of 50 simultaneous bulk changes', async () => {
    const { accounts } = records;
    const { id } = await accounts.create({ data: account() });
    await Promise.all(
      Array.from({ length: 50 }, () => accounts.updateMany({ where: { id }, data: { name: 'x' } })),
    );
    expect(await accounts.getById(id)).toMatchObject({ version: 51 });
  }, 30_000);

  it('leaves a transaction usable after a stale write', async () => {
    const { accounts, application } = records;
    const { id } = await accounts.create({ data: account('Ann') });
    const transactions = application.get<TransactionManager>(getTransactionManagerToken('records'));
    await transactions.run(async () => {
      await expect(accounts.update({ where: { id, version: 7 }, data: { name: 'x' } })).rejects.toMatchObject(
        {
          actualVersion: 1,
        },
      );
      await accounts.update({ where: { id, version: 1 }, data: { name: 'Anna' } });
    });
    expect(await accounts.getById(id)).toMatchObject({ name: 'Anna', version: 2 });
  });
});
