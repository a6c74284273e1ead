import { ValidationError } from '../../errors/validation.error.js';
import { partsOf } from '../../query/database.js';
import { refuseUndefinedFilters } from '../defined-filters.js';
import type { RepositoryContext } from '../repository-context.js';
import type { CountedOffsetPage, OffsetPage } from './offset-page.js';
import { readArguments, readCount, readFlag, readQuery } from './page-arguments.js';
import { resolveOrder, toOrderBy } from './page-order.js';

const KNOWN = new Set(['page', 'pageSize', 'where', 'orderBy', 'select', 'include', 'omit', 'withTotal']);

/** The server reads and drops every record before a page: more than that is an attack, or a mistake. */
const MAX_OFFSET = 1_000_000;

/** One page by its number; what `Repository.paginateByOffset` does. */
export async function paginateByOffset(
  context: RepositoryContext,
  args: unknown,
): Promise<OffsetPage<unknown> | CountedOffsetPage<unknown>> {
  const { catalog, pages } = partsOf(context.db);
  const given = readArguments(`${context.model}.paginateByOffset`, args, KNOWN);
  refuseUndefinedFilters(given);
  const page = readCount(given.page, 'page', MAX_OFFSET);
  const pageSize = readCount(given.pageSize, 'pageSize', pages.maxPageSize);
  const skip = (page - 1) * pageSize;
  if (skip > MAX_OFFSET) {
    throw new ValidationError(
      'page',
      `begins after ${skip} records, at most ${MAX_OFFSET} can be skipped. Use \`paginate\`, whose pages cost the same wherever they are.`,
    );
  }
  const withTotal = readFlag(given.withTotal, 'withTotal', true);
  const { orderBy, shape, ...query } = readQuery(given);
  const where = context.scopedWhere(query.where);
  const order = toOrderBy(resolveOrder(await catalog.table(context.model), orderBy));
  const filter = where === undefined ? {} : { where };
  const items = (await context.call(
    'findMany',
    { ...shape, ...filter, orderBy: order, skip, take: pageSize },
    'paginateByOffset',
  )) as unknown[];
  if (!withTotal) return { items, page, pageSize };
  const totalCount = (await context.call('count', filter, 'paginateByOffset')) as number;
  return { items, page, pageSize, totalCount, pageCount: Math.ceil(totalCount / pageSize) };
}
