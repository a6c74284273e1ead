// Checked by `npm run typecheck`: an unused @ts-expect-error is an error itself.
import { expectTypeOf } from 'expect-type';
import { defineData, defineQuery, eq, guardData, parseQuery, type Repository } from 'nestjs-database';
import { PrismaClient, type Prisma } from '../../apps/shop/src/generated/prisma/client.js';

declare const products: Repository<PrismaClient, 'product'>;

export async function whatIsParsedIsWhatTheModelTakes(query: unknown): Promise<void> {
  const rules = defineQuery(PrismaClient, 'product', {
    filter: {
      priceCents: ['gte', 'lte', 'in'],
      name: { operators: ['contains', 'lt'], ignoreCase: true },
      description: ['isNull'],
      weightKg: ['lt'],
      createdAt: ['gte'],
      active: ['eq', 'ne'],
      'category.slug': ['eq', 'startsWith'],
      'orderItems.order.status': ['in'],
    },
    sort: ['createdAt', 'weightKg'],
    defaultSort: ['-createdAt', 'priceCents'],
  });
  const { where, orderBy, first } = parseQuery(query, rules);
  expectTypeOf(where).toEqualTypeOf<Prisma.ProductWhereInput>();
  expectTypeOf(orderBy).toEqualTypeOf<Prisma.ProductOrderByWithRelationInput[] | undefined>();
  expectTypeOf(first).toEqualTypeOf<number | undefined>();
  await products.findMany({ where, ...(orderBy && { orderBy }) });
}

export function namesAreCheckedAgainstTheModel(): void {
  // @ts-expect-error -- no such model
  defineQuery(PrismaClient, 'prodcut', {});
  // @ts-expect-error -- a misspelt field
  defineQuery(PrismaClient, 'product', { filter: { nmae: ['eq'] } });
  // @ts-expect-error -- a misspelt field of a related record
  defineQuery(PrismaClient, 'product', { filter: { 'category.slgu': ['eq'] } });
  // @ts-expect-error -- the field is no relation
  defineQuery(PrismaClient, 'product', { filter: { 'name.length': ['eq'] } });
  // @ts-expect-error -- a relation is not compared itself
  defineQuery(PrismaClient, 'product', { filter: { category: ['eq'] } });
  // @ts-expect-error -- no such comparison
  defineQuery(PrismaClient, 'product', { filter: { name: ['like'] } });
  // @ts-expect-error -- a number has no beginning
  defineQuery(PrismaClient, 'product', { filter: { priceCents: ['startsWith'] } });
  // @ts-expect-error -- a boolean has no order
  defineQuery(PrismaClient, 'product', { filter: { active: ['gte'] } });
  // @ts-expect-error -- neither has an enum
  defineQuery(PrismaClient, 'order', { filter: { status: ['gt'] } });
  // @ts-expect-error -- the field is never null
  defineQuery(PrismaClient, 'product', { filter: { name: ['isNull'] } });
  // @ts-expect-error -- a misspelt option of a field
  defineQuery(PrismaClient, 'product', { filter: { name: { operators: ['eq'], ignorCase: true } } });
  // @ts-expect-error -- a relation is no order
  defineQuery(PrismaClient, 'product', { sort: ['category'] });
  // @ts-expect-error -- a misspelt field in the order
  defineQuery(PrismaClient, 'product', { defaultSort: ['-craetedAt'] });
  // @ts-expect-error -- a misspelt option
  defineQuery(PrismaClient, 'product', { maxFrist: 5 });
}

export async function guardedDataFitTheModel(body: unknown): Promise<void> {
  const rules = defineData(PrismaClient, 'product', {
    allow: ['name', 'description', 'weightKg', 'active'],
    required: ['name'],
    maxLength: { name: 100 },
  });
  const data = guardData(body, rules);
  expectTypeOf(data.name).toEqualTypeOf<string>();
  expectTypeOf(data.description).toEqualTypeOf<string | null | undefined>();
  expectTypeOf(data.weightKg).toEqualTypeOf<string | undefined>();
  await products.update({ where: { id: 1 }, data });
  // @ts-expect-error -- not allowed
  void data.id;
  // @ts-expect-error -- a relation
  defineData(PrismaClient, 'product', { allow: ['category'] });
  // @ts-expect-error -- a misspelt field
  defineData(PrismaClient, 'product', { allow: ['nmae'] });
  // @ts-expect-error -- required, but not allowed
  defineData(PrismaClient, 'product', { allow: ['name'], required: ['sku'] });
  // @ts-expect-error -- a limit for a field that is not allowed
  defineData(PrismaClient, 'product', { allow: ['name'], maxLength: { sku: 5 } });
}

export async function eqIsACondition(email: string): Promise<void> {
  await products.findMany({ where: { sku: eq(email, 'sku') } });
  // @ts-expect-error -- no single value
  eq({ not: '' });
  // @ts-expect-error -- a number for a text
  await products.findMany({ where: { sku: eq(1) } });
}
