import { InvalidOptionsError } from '../config/config.errors.js';
import { targetOfMany } from './target-of-many.js';
import type { Arguments } from './defined-filters.js';
import { narrowedWhere } from './narrowed-where.js';
import type { RepositoryContext } from './repository-context.js';
import { withChange } from './trait-data.js';
import { atExpectedVersion } from './version-check.js';
import { remove, removeMany } from './writes.js';

/** Removes the record, or marks it where the repository says so. */
export async function deleteOne(context: RepositoryContext, args: Arguments): Promise<unknown> {
  const { softDelete } = context.traits;
  if (softDelete === undefined) return await remove(context, args, 'delete');
  const data = withChange(context, { [softDelete]: context.clock.date() }, 'data');
  return await atExpectedVersion(
    context,
    'delete',
    args.where,
    (where) => context.call('update', { ...args, where, data }, 'delete', args.where),
    { narrow: (where) => onlyMarked(context.scopedWhere(where), softDelete, false) },
  );
}

export async function deleteMany(context: RepositoryContext, args: Arguments): Promise<unknown> {
  const { softDelete } = context.traits;
  if (softDelete === undefined) return await removeMany(context, args, 'deleteMany');
  const target = context.scoped(targetOfMany(args));
  const data = withChange(context, { [softDelete]: context.clock.date() }, 'data');
  const where = onlyMarked(target?.where, softDelete, false);
  return await context.call('updateMany', { ...target, where, data }, 'deleteMany');
}

export async function restore(context: RepositoryContext, args: Arguments): Promise<unknown> {
  const softDelete = markOf(context, 'restore');
  const data = withChange(context, { [softDelete]: null }, 'data');
  return await atExpectedVersion(
    context,
    'restore',
    args.where,
    (where) => context.call('update', { ...args, where, data }, 'restore', args.where),
    { narrow: (where) => onlyMarked(where, softDelete, true), optional: true },
  );
}

/** @throws {@link InvalidOptionsError} for a repository without soft delete, which the types do not give the methods */
export function markOf({ traits, model }: RepositoryContext, method: string): string {
  if (traits.softDelete !== undefined) return traits.softDelete;
  throw new InvalidOptionsError(`RepositoryFor('${model}')`, [
    { path: 'softDelete', problem: `is not given, and \`${method}\` needs it.` },
  ]);
}

/** A record that is marked already keeps the time at which it was deleted first. */
function onlyMarked(where: unknown, softDelete: string, marked: boolean): Arguments {
  return narrowedWhere(where, softDelete, marked ? { not: null } : null);
}
