// Checked by `npm run typecheck`: an unused @ts-expect-error is an error itself.
import { expectTypeOf } from 'expect-type';
import type { PrismaClient } from '../../apps/shop/src/generated/prisma/client.js';
import type { CountedPage, Page, ParsedQuery, Repository } from 'nestjs-database';

declare const products: Repository<PrismaClient, 'product'>;
declare const parsed: ParsedQuery<{ active: true }, { name: 'asc' }>;

export async function pagesFollowTheirArguments(): Promise<void> {
  const selected = await products.paginate({ first: 10, select: { name: true } });
  expectTypeOf(selected).toEqualTypeOf<Page<{ name: string }>>();
  expectTypeOf(selected.edges[0]!.node.name).toEqualTypeOf<string>();
  // @ts-expect-error -- the total was not asked for
  void selected.totalCount;

  const counted = await products.paginate({ last: 5, before: null, select: { id: true }, withTotal: true });
  expectTypeOf(counted).toEqualTypeOf<CountedPage<{ id: number }>>();

  const included = await products.paginate({ first: 1, include: { stock: true } });
  expectTypeOf(included.items[0]!.stock!.quantity).toEqualTypeOf<number>();

  const numbered = await products.paginateByOffset({ page: 1, pageSize: 20, select: { name: true } });
  expectTypeOf(numbered.pageCount).toEqualTypeOf<number>();
  const uncounted = await products.paginateByOffset({ page: 1, pageSize: 20, withTotal: false });
  // @ts-expect-error -- the totals were left out
  void uncounted.totalCount;
}

export async function pagesTakeFieldsOfTheModel(): Promise<void> {
  await products.paginate({ first: 1, orderBy: [{ name: 'asc' }, { createdAt: { sort: 'desc' } }] });
  await products.paginate({ first: 1, orderBy: { description: { sort: 'asc', nulls: 'first' } } });
  await products.paginate({ ...parsed });
  // @ts-expect-error -- a relation has no place in a cursor
  await products.paginate({ first: 1, orderBy: { category: { name: 'asc' } } });
  // @ts-expect-error -- a column that is never null
  await products.paginate({ first: 1, orderBy: { name: { sort: 'asc', nulls: 'first' } } });
  // @ts-expect-error -- no direction
  await products.paginate({ first: 1, orderBy: { name: 'up' } });
  // @ts-expect-error -- a misspelt field
  await products.paginate({ first: 1, where: { nmae: 'x' } });
  // @ts-expect-error -- a misspelt field
  await products.paginate({ first: 1, select: { nmae: true } });
  // @ts-expect-error -- an argument of Prisma's that pages do not have
  await products.paginate({ first: 1, skip: 1 });
}
