import { describe, expect, it } from '@jest/globals';
import { Decimal } from '@prisma/client/runtime/client';
import { account, type Records, useRecords } from './records.js';

let records: Records;

useRecords((opened) => (records = opened));

describe('Bulk work on a repository with soft delete, versions and timestamps', () => {
  it('fills what Prisma and the repository fill, and asks the validation', async () => {
    const rows = [account(), account(), account()];
    const { records: written } = await records.accounts.bulkInsert(rows, {
      returning: ['id', 'email', 'version', 'createdAt', 'updatedAt'],
    });
    expect(new Set(written.map(({ id }) => id)).size).toBe(3);
    for (const { id, version, createdAt, updatedAt } of written) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4/);
      expect(version).toBe(1);
      expect(createdAt).toEqual(updatedAt);
    }
    const refused = records.accounts.bulkInsert([account(), { ...account(), email: 'nobody' }]);
    await expect(refused).rejects.toMatchObject({ code: 'VALIDATION', path: '1.email' });
    expect(await records.accounts.count()).toBe(3);
  });

  it('counts the version of what it changes, and leaves deleted records alone', async () => {
    const [ann, bob, eve] = [account('Ann'), account('Bob'), account('Eve')];
    await records.accounts.bulkInsert([ann, bob]);
    await records.accounts.delete({ where: { email: bob.email, version: 1 } });
    const rows = [ann, bob, eve].map((row) => ({ ...row, name: 'changed' }));
    const outcome = await records.accounts.bulkUpsert(rows, { on: ['email'], update: ['name'] });
    expect(outcome).toEqual({ inserted: 1, updated: 1, unchanged: 1 });
    const stored = await records.prisma.account.findMany({
      select: { email: true, name: true, version: true },
    });
    const byEmail = new Map(stored.map(({ email, ...rest }) => [email, rest]));
    expect(byEmail.get(ann.email)).toEqual({ name: 'changed', version: 2 });
    expect(byEmail.get(bob.email)).toMatchObject({ name: 'Bob' });
    expect(byEmail.get(eve.email)).toEqual({ name: 'changed', version: 1 });
    const counted = records.accounts.bulkUpsert([{ ...ann, version: 7 }], {
      on: ['email'],
      update: ['version'],
    });
    await expect(counted).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('writes bytes, decimals, times and bigints as Prisma does', async () => {
    const row = {
      id: Uint8Array.of(0, 92, 255, 34),
      amount: new Decimal('123456789012.3456'),
      at: new Date('0044-03-15T12:00:00.123Z'),
      big: -(2n ** 63n),
    };
    await records.digests.bulkInsert([row]);
    expect(await records.prisma.digest.findMany()).toEqual([row]);
  });
});

describe('Loading on a repository with soft delete', () => {
  it('does not see deleted records, alone or in a batch, unless asked to', async () => {
    const { records: written } = await records.accounts.bulkInsert([account(), account(), account()], {
      returning: ['id'],
    });
    const [gone = '', ...living] = written.map(({ id }) => id);
    await records.accounts.delete({ where: { id: gone, version: 1 } });
    expect(await records.accounts.load(gone)).toBeNull();
    const batch = await records.accounts.loadMany([gone, ...living]);
    expect(batch.map((each) => each?.id)).toEqual([undefined, ...living]);
    const all = await records.accounts.withDeleted().loadMany([gone, ...living]);
    expect(all.map((each) => each?.id)).toEqual([gone, ...living]);
  });

  it('loads by a UUID in capitals, by bytes and by a decimal', async () => {
    const { records: written } = await records.accounts.bulkInsert([account(), account()], {
      returning: ['id'],
    });
    const ids = written.map(({ id }) => id);
    const found = await records.accounts.loadMany([...ids, ...ids.map((id) => id.toUpperCase())]);
    expect(found.map((each) => each?.id)).toEqual([...ids, ...ids]);
    const at = new Date('2024-02-29T23:30:00.123Z');
    const rows = [1, 2].map((byte) => ({
      id: Uint8Array.of(byte),
      amount: new Decimal(byte),
      at: new Date(at.getTime() + byte),
      big: BigInt(byte),
    }));
    await records.digests.bulkInsert(rows);
    const digests = await records.digests.loadMany(rows.map(({ id }) => id));
    expect(digests.map((each) => each?.big)).toEqual([1n, 2n]);
    const amounts = rows.map(({ amount }) => records.digests.loadBy('amount', amount));
    expect((await Promise.all(amounts)).map((each) => each?.big)).toEqual([1n, 2n]);
  });
});
