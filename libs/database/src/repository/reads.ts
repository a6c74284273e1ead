import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import type { Arguments } from './defined-filters.js';
import { whereOf } from './record-id.js';
import type { RepositoryContext } from './repository-context.js';

export function findById(context: RepositoryContext, id: unknown, shape?: Arguments, method = 'findById') {
  const where = context.scopedWhere(whereOf(id, context.fields));
  return context.call('findUnique', shape === undefined ? { where } : { ...shape, where }, method, id);
}

export async function getById(context: RepositoryContext, id: unknown, shape?: Arguments): Promise<unknown> {
  return found(context, 'getById', id, await findById(context, id, shape, 'getById'));
}

export async function getOne(context: RepositoryContext, args?: Arguments): Promise<unknown> {
  const record = await context.call('findFirst', context.scoped(args), 'getOne');
  return found(context, 'getOne', args?.where, record);
}

export async function exists(context: RepositoryContext, args?: Arguments): Promise<boolean> {
  // One column, as none is not allowed.
  const [field] = Object.keys(context.fields);
  const select = field === undefined ? {} : { select: { [field]: true } };
  const record = await context.call('findFirst', { ...context.scoped(args), ...select }, 'exists');
  return record !== null;
}

function found(context: RepositoryContext, method: string, key: unknown, record: unknown): unknown {
  if (record !== null) return record;
  throw new RecordNotFoundError(context.model, method, key);
}
