import { extensionEffect } from '../../client/client-extensions.js';
import { partsOf } from '../../query/database.js';
import type { RepositoryContext } from '../repository-context.js';
import { globalOmit } from '../record-keys.js';
import { compileWhere } from '../where/compile-where.js';
import { readCursor, writeCursor, type CursorScope, type CursorValues } from './cursor.js';
import { readPageArguments, type PageArguments } from './page-arguments.js';
import { resolveOrder, reversed } from './page-order.js';
import type { PageRequest, PageRows } from './page-reader.js';
import { TABLE_ALIAS } from './page-statement.js';
import { KeysetPage, type Page } from './page.js';
import { readPageByPrisma } from './prisma-page-reader.js';
import { findRecordsOfKeys, keyColumns } from './records-of-keys.js';
import { columnsOfShape } from './result-shape.js';
import { readPageBySql } from './sql-page-reader.js';

/** One page by keyset; what `Repository.paginate` does. */
export async function paginate(context: RepositoryContext, args: unknown): Promise<Page<unknown>> {
  const { catalog, pages } = partsOf(context.db);
  const operation = `${context.model}.paginate`;
  const asked = readPageArguments(operation, args, pages.maxPageSize);
  const keys = pages.keys.all();
  const table = await catalog.table(context.model);
  const order = resolveOrder(table, asked.orderBy);
  const scope: CursorScope = { connection: pages.connection, model: context.model, order };
  const request: PageRequest = {
    table,
    order: asked.isForward ? order : reversed(order),
    cursor: asked.cursor && readCursor(keys, scope, asked.cursor.text, asked.cursor.path),
    where: context.scopedWhere(asked.where),
    // One more says whether there is a page after it.
    limit: asked.size + 1,
    operation,
  };
  const { rows, ends, hasBefore, hasMore } = await readItems(context, request, asked);
  const totalCount = asked.withTotal ? await countAll(context, request) : undefined;
  const [signingKey = ''] = keys;
  const write = (place: CursorValues | undefined) =>
    place === undefined ? null : writeCursor(signingKey, scope, place);
  return new KeysetPage(
    rows.map(({ item }) => item),
    {
      hasNextPage: asked.isForward ? hasMore : hasBefore,
      hasPreviousPage: asked.isForward ? hasBefore : hasMore,
      startCursor: write(ends[0]),
      endCursor: write(ends[1]),
    },
    (index) => write(rows[index]?.cursor) ?? '',
    totalCount,
  );
}

interface Items {
  readonly rows: readonly { readonly item: unknown; readonly cursor: CursorValues }[];
  /** Where the page begins and ends, whether or not the records there are gone meanwhile. */
  readonly ends: readonly [first: CursorValues | undefined, last: CursorValues | undefined];
  readonly hasBefore: boolean;
  readonly hasMore: boolean;
}

/**
 * Who answers: SQL alone where it can, SQL for the keys and Prisma for the records where the shape or an extension needs
 * it, Prisma for both where the condition or an extension of queries does.
 */
async function readItems(
  context: RepositoryContext,
  request: PageRequest,
  asked: PageArguments,
): Promise<Items> {
  const { table, where } = request;
  const { client } = context.prisma;
  const effect = extensionEffect(client, context.model, ['findMany']);
  const compiled = effect.changesQueries ? undefined : compileWhere(table, where, TABLE_ALIAS);
  const columns = effect.changesResults ? undefined : columnsOfShape(table, asked.shape, globalOmit(context));
  if (compiled !== undefined && columns !== undefined) {
    const found = await readPageBySql(context, request, compiled, columns);
    return inOrder(
      found,
      asked,
      found.rows.map(({ fields }) => fields),
    );
  }
  const key = keyColumns(table);
  const found =
    compiled === undefined
      ? await readPageByPrisma(context, request, key)
      : await readPageBySql(context, request, compiled, key);
  const rows = found.rows.slice(0, asked.size);
  const records = await findRecordsOfKeys(
    context,
    key,
    rows.map(({ fields }) => fields),
    asked.shape,
    'paginate',
  );
  return inOrder(found, asked, records);
}

/** Without the one row too many and those that are gone, in the order of the page whatever the direction of reading. */
function inOrder({ rows, hasBefore }: PageRows, asked: PageArguments, records: readonly unknown[]): Items {
  const ofPage = rows.slice(0, asked.size);
  const items = ofPage.flatMap(({ cursor }, index) => {
    const item = records[index];
    return item === undefined ? [] : [{ item, cursor }];
  });
  const ends = [ofPage[0]?.cursor, ofPage.at(-1)?.cursor] as const;
  const hasMore = rows.length > asked.size;
  if (asked.isForward) return { rows: items, ends, hasBefore, hasMore };
  return { rows: items.reverse(), ends: [ends[1], ends[0]], hasBefore, hasMore };
}

async function countAll(context: RepositoryContext, { where }: PageRequest): Promise<number> {
  return (await context.call('count', where === undefined ? {} : { where }, 'paginate')) as number;
}
