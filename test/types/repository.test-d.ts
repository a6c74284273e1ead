// Checked by `npm run typecheck`: an unused @ts-expect-error is an error itself.
import { expectTypeOf } from 'expect-type';
import type { Prisma, PrismaClient } from '../../apps/shop/src/generated/prisma/client.js';
import type { GlobalOmitOf, IdOf, ModelOf, PrismaService, Repository } from 'nestjs-database';

declare const products: Repository<PrismaClient, 'product'>;
declare const orderItems: Repository<PrismaClient, 'orderItem'>;
declare const omitting: Repository<PrismaClient<never, { product: { description: true } }>, 'product'>;
declare const prisma: PrismaService;

export async function resultsFollowTheirArguments(): Promise<void> {
  const whole = await products.findById(1);
  expectTypeOf(whole!.priceCents).toEqualTypeOf<number>();

  const selected = await products.findById(1, {
    select: { name: true, category: { select: { slug: true } } },
  });
  expectTypeOf(selected).toEqualTypeOf<{ name: string; category: { slug: string } } | null>();

  const included = await products.getById(1, { include: { stock: true } });
  expectTypeOf(included.stock!.quantity).toEqualTypeOf<number>();

  const omitted = await products.findMany({ omit: { name: true } });
  // @ts-expect-error -- left out of the result
  void omitted[0]!.name;

  const counted = await products.findMany({ select: { _count: { select: { orderItems: true } } } });
  expectTypeOf(counted[0]!._count.orderItems).toEqualTypeOf<number>();

  expectTypeOf(await products.count()).toEqualTypeOf<number>();
  expectTypeOf(await products.count({ select: { _all: true } })).toEqualTypeOf<{ _all: number }>();

  const globally = await omitting.getById(1);
  // @ts-expect-error -- left out by the client's own options
  void globally.description;
}

export async function argumentsAreChecked(): Promise<void> {
  await products.findMany({
    where: { name: { contains: 'x' }, OR: [{ active: true }] } satisfies Prisma.ProductFindManyArgs['where'],
  });
  // @ts-expect-error -- a misspelt field, which Prisma itself lets pass
  await products.findMany({ where: { name: 'x', nmae: 'y' } });
  // @ts-expect-error -- a misspelt field at depth
  await products.findMany({ select: { category: { select: { slgu: true } } } });
  // @ts-expect-error -- both shapes at once
  await products.findMany({ select: { name: true }, include: { stock: true } });
  // @ts-expect-error -- the id is a number
  await products.findById('1');
  // @ts-expect-error -- required fields are missing
  await products.create({ data: { name: 'x' } });
  // @ts-expect-error -- an unknown field in the data
  await products.update({ where: { id: 1 }, data: { prise: 1 } });
  // @ts-expect-error -- no unique field names the record
  await products.delete({ where: { name: 'x' } });
}

export async function compoundKeysAreTheirUniqueWhere(): Promise<void> {
  await orderItems.getById({ orderId_lineNo: { orderId: 1n, lineNo: 1 } });
  // @ts-expect-error -- half of the key
  await orderItems.getById({ orderId_lineNo: { orderId: 1n } });
  expectTypeOf<IdOf<PrismaClient, 'product'>>().toEqualTypeOf<number>();
  expectTypeOf<IdOf<PrismaClient, 'order'>>().toEqualTypeOf<bigint | number>();
}

export async function theServiceIsTheRegisteredClient(): Promise<void> {
  expectTypeOf<ModelOf<PrismaClient>>().toEqualTypeOf<
    | ('category' | 'product' | 'stockItem' | 'customer' | 'order' | 'orderItem')
    | ('storage' | 'storedItem' | 'stockTransfer' | 'stockTransferLine')
    | ('register' | 'sale' | 'saleLine' | 'payment' | 'refund' | 'refundLine')
    | ('registerClosing' | 'dayClosing' | 'priceChange' | 'cardPayment' | 'orderNotice' | 'fakeCharge')
  >();
  expectTypeOf<GlobalOmitOf<PrismaClient>>().toBeObject();
  const rows = await prisma.product.findMany({ select: { sku: true } });
  expectTypeOf(rows).toEqualTypeOf<{ sku: string }[]>();
  expectTypeOf(await prisma.checkHealth())
    .toHaveProperty('healthy')
    .toEqualTypeOf<boolean>();
  // @ts-expect-error -- no such model
  void prisma.invoice;
}

export async function loadersAreTyped(): Promise<void> {
  expectTypeOf(await products.load(1, { select: { sku: true } })).toEqualTypeOf<{ sku: string } | null>();
  expectTypeOf(await products.loadMany([1, 2], { select: { id: true } })).toEqualTypeOf<
    ({ id: number } | null)[]
  >();
  expectTypeOf(await products.loadBy('sku', 'a', { select: { id: true } })).toEqualTypeOf<{
    id: number;
  } | null>();
  await orderItems.loadBy('orderId_lineNo', { orderId: 1n, lineNo: 1 });
  expectTypeOf(
    await orderItems.loadAllBy('orderId', 1n, { select: { lineNo: true }, orderBy: { lineNo: 'asc' } }),
  ).toEqualTypeOf<{ lineNo: number }[]>();
  // @ts-expect-error -- no unique key
  await products.loadBy('name', 'x');
  // @ts-expect-error -- the key is a text
  await products.loadBy('sku', 1);
  // @ts-expect-error -- half of the key
  await orderItems.loadBy('orderId_lineNo', { orderId: 1n });
  // @ts-expect-error -- a relation is no column
  await products.loadAllBy('category', 1);
  // @ts-expect-error -- a bigint
  await orderItems.loadAllBy('orderId', '1');
  // @ts-expect-error -- a limit would be for all keys together
  await orderItems.loadAllBy('orderId', 1n, { take: 3 });
  // @ts-expect-error -- a misspelt field
  await products.load(1, { select: { skuu: true } });
}

export async function everyMethodFollowsItsArguments(): Promise<void> {
  expectTypeOf(await products.findOne({ select: { name: true } })).toEqualTypeOf<{ name: string } | null>();
  expectTypeOf(await products.getOne({ select: { name: true } })).toEqualTypeOf<{ name: string }>();
  expectTypeOf(await products.findByIds([1, 2], { select: { name: true } })).toEqualTypeOf<
    ({ name: string } | null)[]
  >();
  expectTypeOf(await products.exists({ where: { name: 'x' } })).toEqualTypeOf<boolean>();
  expectTypeOf(await products.deleteMany({ all: true })).toEqualTypeOf<{ count: number }>();
  expectTypeOf(await products.updateMany({ where: { id: 1 }, data: { name: 'x' } })).toEqualTypeOf<{
    count: number;
  }>();
  const sums = await products.aggregate({ _sum: { priceCents: true }, _count: { _all: true } });
  expectTypeOf(sums).toEqualTypeOf<{ _sum: { priceCents: number | null }; _count: { _all: number } }>();
  const groups = await products.groupBy({ by: ['currency'], _count: { _all: true } });
  expectTypeOf(groups[0]!.currency).toEqualTypeOf<string>();
  expectTypeOf(groups[0]!._count._all).toEqualTypeOf<number>();
  const upserted = await products.upsert({
    where: { sku: 'a' },
    create: { sku: 'a', name: 'b', priceCents: 1, weightKg: '1', categoryId: 1 },
    update: { name: 'b' },
    omit: { name: true },
  });
  // @ts-expect-error -- left out of the result
  void upserted.name;
  const typed: Prisma.ProductFindManyArgs = { where: { active: true } };
  expectTypeOf((await products.findMany(typed))[0]!.name).toEqualTypeOf<string>();
}

export async function unknownKeysAreRefusedAtEveryDepth(): Promise<void> {
  // @ts-expect-error -- an operator that a number does not have
  await products.findMany({ where: { priceCents: { contains: '1' } } });
  // @ts-expect-error -- a misspelt operator
  await products.findMany({ where: { name: { startWith: 'x' } } });
  // @ts-expect-error -- a misspelt field of a relation
  await products.findMany({ where: { category: { is: { slgu: 'x' } } } });
  // @ts-expect-error -- a misspelt field in a disjunction
  await products.findMany({ where: { OR: [{ name: 'x' }, { nmae: 'y' }] } });
  // @ts-expect-error -- a misspelt field in a nested write
  await products.update({ where: { id: 1 }, data: { category: { update: { slgu: 'x' } } } });
  // @ts-expect-error -- a misspelt field to include, two levels down
  await products.findMany({ include: { category: { include: { prodcuts: true } } } });
  // @ts-expect-error -- a misspelt field to omit
  await products.findMany({ omit: { nmae: true } });
  // @ts-expect-error -- a misspelt field to order by
  await products.findMany({ orderBy: { nmae: 'asc' } });
  // @ts-expect-error -- a misspelt key beside the others
  await products.findMany({ where: { id: 1 }, tkae: 1 });
  // @ts-expect-error -- a misspelt field to sum
  await products.aggregate({ _sum: { price: true } });
  // @ts-expect-error -- a misspelt field to group by
  await products.groupBy({ by: ['currnecy'] });
  // @ts-expect-error -- a misspelt field to count
  await products.count({ select: { nmae: true } });
  const select = { name: true, nmae: true } as const;
  // @ts-expect-error -- also where the shape is no literal in the call
  await products.findMany({ select });
  // @ts-expect-error -- a shape and a part of it left out
  await products.findMany({ select: { name: true }, omit: { sku: true } });
}

export async function bulkWritesSayWhatTheyMean(): Promise<void> {
  // @ts-expect-error -- neither a condition nor `all`
  await products.deleteMany({});
  // @ts-expect-error -- neither a condition nor `all`
  await products.updateMany({ data: { name: 'x' } });
  // @ts-expect-error -- both
  await products.deleteMany({ all: true, where: { id: 1 } });
  // @ts-expect-error -- undefined is no condition
  await products.deleteMany({ where: undefined });
  // @ts-expect-error -- an operator is no id
  await products.findById({ gt: 0 });
}

export async function bulkWorkIsTyped(): Promise<void> {
  const row = { sku: 'a', name: 'A', priceCents: 1, weightKg: '0.1', categoryId: 1 };
  const { records } = await products.bulkInsert([row], { returning: ['id', 'createdAt'] });
  expectTypeOf(records).toEqualTypeOf<{ id: number; createdAt: Date }[]>();
  expectTypeOf((await products.bulkInsert([row])).inserted).toEqualTypeOf<number>();
  await products.bulkUpsert([row], { on: ['sku'], update: ['priceCents'] });
  const line = { orderId: 1n, lineNo: 1, productId: 1, quantity: 1, unitPriceCents: 1, lineTotalCents: 1n };
  await orderItems.bulkUpsert([line], { on: ['orderId', 'lineNo'], update: ['quantity'] });
  // @ts-expect-error -- a required column is missing
  await products.bulkInsert([{ sku: 'a' }]);
  // @ts-expect-error -- no records of other models
  await products.bulkInsert([{ ...row, category: { create: { name: 'x', slug: 'x' } } }]);
  // @ts-expect-error -- a relation is no column
  await products.bulkInsert([row], { returning: ['category'] });
  // @ts-expect-error -- no unique key
  await products.bulkUpsert([row], { on: ['name'], update: ['priceCents'] });
  // @ts-expect-error -- a misspelt column
  await products.bulkUpsert([row], { on: ['sku'], update: ['price'] });
}
