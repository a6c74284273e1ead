import { extensionEffect } from '../../client/client-extensions.js';
import { InvalidOptionsError } from '../../config/config.errors.js';
import type { Arguments } from '../defined-filters.js';
import type { RepositoryContext } from '../repository-context.js';

const INSERTS = ['create', 'createMany', 'createManyAndReturn'];

/** What Prisma would have to be asked for in the place of a bulk write. */
const IN_PLACE_OF = {
  bulkInsert: INSERTS,
  bulkUpsert: [...INSERTS, 'update', 'updateMany', 'updateManyAndReturn', 'upsert'],
} as const;

/**
 * A bulk write is the library's own statement, which no extension of the client gets to see: one that adds the caller's
 * tenant to every query would silently not do so. Hence the caller has to say that nothing is lost.
 *
 * @param returned - the fields to give back, which an extension may compute
 * @throws {@link InvalidOptionsError}
 */
export function refuseBypassedExtensions(
  { prisma, model }: RepositoryContext,
  method: keyof typeof IN_PLACE_OF,
  { bypassExtensions = false }: Arguments,
  returned: readonly string[] = [],
): void {
  if (typeof bypassExtensions !== 'boolean')
    throw InvalidOptionsError.at(method, 'bypassExtensions', 'is neither true nor false.');
  if (bypassExtensions) return;
  const effect = extensionEffect(prisma.client, model, IN_PLACE_OF[method]);
  const computed = returned.filter((field) => effect.computes(field));
  if (!effect.changesQueries && computed.length === 0) return;
  const what = effect.changesQueries
    ? `look at the writes of "${model}"`
    : `compute ${computed.map((field) => `"${field}"`).join(', ')}`;
  throw InvalidOptionsError.at(
    method,
    'bypassExtensions',
    `is missing, and the client has extensions that ${what}, which a bulk write does not go through. Give \`true\` where ` +
      'the rows need nothing of them; otherwise use `createMany` or `upsert`.',
  );
}
