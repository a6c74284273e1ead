import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import { StaleVersionError } from '../errors/stale-version.error.js';
import { ValidationError } from '../errors/validation.error.js';
import { refuseUndefined, type Arguments } from './defined-filters.js';
import type { RepositoryContext } from './repository-context.js';

/**
 * Runs a write of one record whose `where` names the version that was read, so that the statement itself compares it. Only
 * when nothing was found is the record looked up, to tell a changed one from one that is not there.
 *
 * @param narrow - the condition of the records that the write is about
 */
export async function atExpectedVersion(
  context: RepositoryContext,
  method: string,
  where: unknown,
  write: (where: Arguments | undefined) => Promise<unknown>,
  {
    narrow = (given: Arguments | undefined) => context.scopedWhere(given),
    optional = false,
  }: { narrow?: (given: Arguments | undefined) => Arguments | undefined; optional?: boolean } = {},
): Promise<unknown> {
  refuseUndefined(where, 'where');
  const condition = where as Arguments;
  const { version } = context.traits;
  if (version === undefined || (optional && !(version in condition))) return await write(narrow(condition));
  const expected = condition[version];
  if (typeof expected !== 'number' || !Number.isSafeInteger(expected)) {
    throw new ValidationError(
      `where.${version}`,
      'is no version. Give the one that was read with the record; nothing was sent.',
    );
  }
  try {
    return await write(narrow(condition));
  } catch (error) {
    if (!(error instanceof RecordNotFoundError)) throw error;
    const { [version]: _expected, ...named } = condition;
    const args = { where: narrow(named), select: { [version]: true } };
    const record = (await context.call('findUnique', args, method)) as Record<string, number> | null;
    const actual = record?.[version];
    // At the same version, it is another condition that did not hold.
    if (actual === undefined || actual === expected) throw error;
    throw new StaleVersionError(context.model, method, where, expected, actual, { cause: error });
  }
}
