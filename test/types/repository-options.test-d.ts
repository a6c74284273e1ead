// Checked by `npm run typecheck`: an unused @ts-expect-error is an error itself.
import { expectTypeOf } from 'expect-type';
import { RepositoryFor } from 'nestjs-database';

class Accounts extends RepositoryFor('account', {
  connection: 'records',
  softDelete: true,
  version: true,
  timestamps: true,
}) {}
class Notes extends RepositoryFor('note', {
  connection: 'records',
  softDelete: { field: 'removedAt' },
  version: { field: 'revision' },
}) {}
class Seats extends RepositoryFor('seat', { connection: 'records', version: true }) {}
class Settings extends RepositoryFor('setting', { connection: 'records' }) {}

declare const accounts: Accounts;
declare const notes: Notes;
declare const seats: Seats;
declare const settings: Settings;

const id = '00000000-0000-4000-8000-000000000000';

export function optionsNeedTheirFields(): void {
  // @ts-expect-error -- no field `version`
  RepositoryFor('setting', { connection: 'records', version: true });
  // @ts-expect-error -- no field `deletedAt`
  RepositoryFor('seat', { connection: 'records', softDelete: true });
  // @ts-expect-error -- no field `deletedAt`, it has another name here
  RepositoryFor('note', { connection: 'records', softDelete: true });
  // @ts-expect-error -- no such field
  RepositoryFor('note', { connection: 'records', softDelete: { field: 'removed' } });
  // @ts-expect-error -- a number is no mark
  RepositoryFor('note', { connection: 'records', softDelete: { field: 'revision' } });
  // @ts-expect-error -- the mark has to be nullable
  RepositoryFor('account', { connection: 'records', softDelete: { field: 'createdAt' } });
  // @ts-expect-error -- a text counts nothing
  RepositoryFor('account', { connection: 'records', version: { field: 'name' } });
  // @ts-expect-error -- no field `createdAt`
  RepositoryFor('note', { connection: 'records', timestamps: true });
  // @ts-expect-error -- a misspelt option
  RepositoryFor('account', { connection: 'records', softDelete: true, versions: true });
  RepositoryFor('account', { connection: 'records', timestamps: { updatedAt: 'updatedAt' } });
}

export async function softDeleteAddsItsMethods(): Promise<void> {
  expectTypeOf(await accounts.withDeleted().findById(id, { select: { name: true } })).toEqualTypeOf<{
    name: string;
  } | null>();
  expectTypeOf(await accounts.onlyDeleted().count()).toEqualTypeOf<number>();
  const restored = await notes.restore({ where: { id: 1 }, select: { removedAt: true } });
  expectTypeOf(restored).toEqualTypeOf<{ removedAt: Date | null }>();
  await notes.hardDelete({ where: { id: 1, revision: 0 } });
  await accounts.onlyDeleted().hardDeleteMany({ where: { deletedAt: { lt: new Date() } } });
  // @ts-expect-error -- the version is asked for in a scope as well
  await accounts.withDeleted().update({ where: { id }, data: { name: 'x' } });
  // @ts-expect-error -- nothing is ever marked there
  seats.withDeleted();
  // @ts-expect-error -- nothing is ever marked there
  await settings.restore({ where: { key: 'a' } });
}

export async function versionsAreAskedFor(): Promise<void> {
  const updated = await accounts.update({
    where: { id, version: 1 },
    data: { name: 'x' },
    select: { version: true },
  });
  expectTypeOf(updated).toEqualTypeOf<{ version: number }>();
  await seats.delete({ where: { row_number: { row: 'A', number: 1 }, version: 1 } });
  await settings.update({ where: { key: 'a' }, data: { value: 'x' } });
  // @ts-expect-error -- without the version that was read
  await accounts.update({ where: { id }, data: { name: 'x' } });
  // @ts-expect-error -- a condition is no version
  await accounts.update({ where: { id, version: { gt: 0 } }, data: { name: 'x' } });
  // @ts-expect-error -- under its own name
  await notes.update({ where: { id: 1, version: 1 }, data: { text: 'x' } });
  // @ts-expect-error -- without the version that was read
  await accounts.delete({ where: { id } });
  // @ts-expect-error -- versions are counted by the repository
  await accounts.update({ where: { id, version: 1 }, data: { version: 5 } });
  // @ts-expect-error -- versions are counted by the repository
  await accounts.updateMany({ where: { id }, data: { version: 5 } });
  // @ts-expect-error -- an upsert compares nothing
  await notes.upsert({ where: { id: 1, revision: 1 }, create: { text: 'x' }, update: {} });
}

export async function filledFieldsMayBeLeftOut(): Promise<void> {
  await accounts.create({ data: { email: 'a', name: 'b' } });
  await accounts.create({ data: { email: 'a', name: 'b', createdAt: new Date() } });
  await accounts.createMany({ data: [{ email: 'a', name: 'b' }] });
  await accounts.upsert({ where: { id }, create: { email: 'a', name: 'b' }, update: { name: 'c' } });
  // @ts-expect-error -- `name` is still missing
  await accounts.create({ data: { email: 'a' } });
  // @ts-expect-error -- a misspelt field
  await accounts.create({ data: { email: 'a', name: 'b', nmae: 'c' } });
}
