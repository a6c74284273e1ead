import type { Arguments } from './defined-filters.js';
import { targetOfMany } from './target-of-many.js';
import type { RepositoryContext } from './repository-context.js';
import { withCreationTimes, withChange } from './trait-data.js';
import { validateCreation, validateCreations, validateChange } from './validation-hooks.js';
import { atExpectedVersion } from './version-check.js';

export async function create(context: RepositoryContext, args: Arguments): Promise<unknown> {
  await validateCreation(context, args.data);
  return await context.call('create', { ...args, data: withCreationTimes(context, args.data) });
}

export async function createMany(context: RepositoryContext, args: Arguments): Promise<unknown> {
  const { data } = args;
  await validateCreations(context, data);
  const filled = Array.isArray(data)
    ? data.map((each) => withCreationTimes(context, each))
    : withCreationTimes(context, data);
  return await context.call('createMany', { ...args, data: filled });
}

export async function update(context: RepositoryContext, args: Arguments): Promise<unknown> {
  const data = withChange(context, args.data, 'data');
  await validateChange(context, args.data);
  return await atExpectedVersion(context, 'update', args.where, (where) =>
    context.call('update', { ...args, where, data }, 'update', args.where),
  );
}

export async function updateMany(context: RepositoryContext, args: Arguments): Promise<unknown> {
  const target = targetOfMany(args);
  const data = withChange(context, target.data, 'data');
  await validateChange(context, target.data);
  return await context.call('updateMany', context.scoped({ ...target, data }));
}

export async function upsert(context: RepositoryContext, args: Arguments): Promise<unknown> {
  const change = withChange(context, args.update, 'update');
  await validateCreation(context, args.create);
  await validateChange(context, args.update);
  const filled = { ...args, create: withCreationTimes(context, args.create), update: change };
  return await context.call('upsert', context.scoped(filled), 'upsert', args.where);
}

/** Removes the row, whatever the options say. */
export async function remove(context: RepositoryContext, args: Arguments, method: string): Promise<unknown> {
  return await atExpectedVersion(context, method, args.where, (where) =>
    context.call('delete', { ...args, where }, method, args.where),
  );
}

export async function removeMany(
  context: RepositoryContext,
  args: Arguments,
  method: string,
): Promise<unknown> {
  return await context.call('deleteMany', context.scoped(targetOfMany(args)), method);
}
