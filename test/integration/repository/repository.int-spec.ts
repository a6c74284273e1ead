import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { DatabaseModule, RecordNotFoundError, RepositoryFor } from '../../../libs/database/src/index.js';
import { Prisma } from '../../../apps/shop/src/generated/prisma/client.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {
  findBySlug(slug: string) {
    return this.delegate.findUnique({ where: { slug } });
  }
}
@Injectable()
class ProductRepository extends RepositoryFor('product') {}
@Injectable()
class OrderItemRepository extends RepositoryFor('orderItem') {}
@Injectable()
class OrderRepository extends RepositoryFor('order') {}

const MISSING = undefined as never;

let database: TestDatabase;
let application: INestApplicationContext;
let categories: CategoryRepository;
let products: ProductRepository;

const repositories = [CategoryRepository, ProductRepository, OrderRepository, OrderItemRepository];

beforeAll(async () => {
  database = await createTestDatabase();
  application = await startApplication({
    imports: [databaseModule(database), DatabaseModule.forFeature(repositories)],
  });
  categories = application.get(CategoryRepository);
  products = application.get(ProductRepository);
});
beforeEach(async () => {
  await database.query('TRUNCATE category, product, customer, customer_order RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await application.close();
  await database.drop();
});

const product = (sku: string, categoryId: number) => ({
  sku,
  name: sku,
  priceCents: 1990,
  weightKg: '0.125',
  categoryId,
});

describe('RepositoryFor', () => {
  it('creates, finds, changes, counts and deletes', async () => {
    const created = await categories.create({ data: { name: 'Books', slug: 'books' } });
    expect(await categories.findById(created.id)).toEqual(created);
    expect(await categories.update({ where: { id: created.id }, data: { name: 'All books' } })).toMatchObject(
      { name: 'All books' },
    );
    expect(await categories.count({ where: { name: { startsWith: 'All' } } })).toBe(1);
    expect(await categories.findMany({ orderBy: { id: 'asc' } })).toHaveLength(1);
    expect(await categories.delete({ where: { id: created.id } })).toMatchObject({ slug: 'books' });
    expect(await categories.count()).toBe(0);
  });

  it('follows select and include', async () => {
    const { id } = await categories.create({
      data: { name: 'Tea', slug: 'tea', products: { create: [{ ...withoutCategory('t1') }] } },
    });
    expect(await categories.getById(id, { select: { slug: true } })).toEqual({ slug: 'tea' });
    const [found] = await products.findMany({ include: { category: true } });
    expect(found?.category.slug).toBe('tea');
  });

  it('answers null from find and throws from get when there is no such record', async () => {
    expect(await categories.findById(404)).toBeNull();
    const missing = categories.getById(404);
    await expect(missing).rejects.toThrow(RecordNotFoundError);
    await expect(missing).rejects.toMatchObject({
      code: 'RECORD_NOT_FOUND',
      model: 'category',
      key: 404,
      retryable: false,
    });
  });

  it.each(['update', 'delete'] as const)(
    'throws a RecordNotFoundError from %s of a record that does not exist',
    async (operation) => {
      const running =
        operation === 'update'
          ? categories.update({ where: { id: 404 }, data: { name: 'x' } })
          : categories.delete({ where: { id: 404 } });
      await expect(running).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND', operation, key: { id: 404 } });
    },
  );

  it('does not blame the record itself when a record it should be connected to is missing', async () => {
    const { id: categoryId } = await categories.create({ data: { name: 'Tea', slug: 'tea' } });
    const { id } = await products.create({ data: product('t1', categoryId) });
    const child = categories.update({
      where: { id: categoryId },
      data: { products: { connect: { id: 404 } } },
    });
    await expect(child).rejects.toMatchObject({ code: 'FOREIGN_KEY_VIOLATION' });
    const parent = products.update({ where: { id }, data: { category: { connect: { id: 404 } } } });
    await expect(parent).rejects.toMatchObject({ code: 'FOREIGN_KEY_VIOLATION' });
  });

  it('finds by a compound key', async () => {
    const { id: categoryId } = await categories.create({ data: { name: 'Tea', slug: 'tea' } });
    const { id: productId } = await products.create({ data: product('t1', categoryId) });
    const order = await application.get(OrderRepository).create({
      data: {
        totalCents: 3980n,
        customer: { create: { email: 'ann@example.com', name: 'Ann' } },
        items: {
          create: [
            {
              lineNo: 1,
              quantity: 2,
              unitPriceCents: 1990,
              lineTotalCents: 3980n,
              product: { connect: { id: productId } },
            },
          ],
        },
      },
    });
    const item = await application
      .get(OrderItemRepository)
      .getById({ orderId_lineNo: { orderId: order.id, lineNo: 1 } });
    expect(item.lineTotalCents).toBe(3980n);
  });

  describe('refuses undefined in a filter instead of widening it, names the path and sends nothing', () => {
    // Naive: Prisma leaves the condition out, so each of these reads, counts or changes more than was meant.
    beforeEach(async () => {
      for (const slug of ['a', 'b']) {
        await categories.create({
          data: { name: slug, slug, products: { create: [withoutCategory(slug)] } },
        });
      }
    });

    // The types refuse it where `exactOptionalPropertyTypes` is on.
    const slug = MISSING;
    it.each<[string, string, () => Promise<unknown>]>([
      ['findMany', 'where.slug', () => categories.findMany({ where: { slug } })],
      ['findMany', 'where', () => categories.findMany({ where: MISSING })],
      [
        'findMany',
        'where.name.startsWith',
        () => categories.findMany({ where: { name: { startsWith: slug } } }),
      ],
      [
        'findMany',
        'where.OR.1.slug',
        () => categories.findMany({ where: { OR: [{ slug: 'a' }, { slug }] } }),
      ],
      ['findMany', 'where.id.in.0', () => categories.findMany({ where: { id: { in: [MISSING] } } })],
      [
        'findMany',
        'where.products.some.sku',
        () => categories.findMany({ where: { products: { some: { sku: slug } } } }),
      ],
      [
        'findMany',
        'include.products.where.sku',
        () => categories.findMany({ include: { products: { where: { sku: slug } } } }),
      ],
      [
        'findMany',
        'select._count.select.products.where.sku',
        () => categories.findMany({ select: { _count: { select: { products: { where: { sku: slug } } } } } }),
      ],
      ['count', 'where.slug', () => categories.count({ where: { slug } })],
      ['update', 'where.slug', () => categories.update({ where: { id: 1, slug }, data: { name: 'x' } })],
      [
        'update',
        'data.products.deleteMany.sku',
        () => categories.update({ where: { id: 1 }, data: { products: { deleteMany: { sku: slug } } } }),
      ],
      [
        'update',
        'data.products.updateMany.0.where.sku',
        () =>
          categories.update({
            where: { id: 1 },
            data: { products: { updateMany: [{ where: { sku: slug }, data: { name: 'x' } }] } },
          }),
      ],
      [
        'upsert',
        'update.products.deleteMany.sku',
        () =>
          categories.upsert({
            where: { id: 1 },
            create: { name: 'c', slug: 'c' },
            update: { products: { deleteMany: { sku: slug } } },
          }),
      ],
      [
        'groupBy',
        'having.id._avg.gt',
        () => categories.groupBy({ by: ['slug'], having: { id: { _avg: { gt: MISSING } } } }),
      ],
      ['delete', 'where.slug', () => categories.delete({ where: { id: 1, slug } })],
      [
        'create',
        'data.products.connect.0.sku',
        () =>
          categories.create({
            data: { name: 'c', slug: 'c', products: { connect: [{ id: 1, sku: slug }] } },
          }),
      ],
      ['findById', 'id', () => categories.findById(MISSING)],
      ['getById', 'id', () => categories.getById(MISSING)],
      [
        'findById',
        'id.orderId_lineNo.lineNo',
        () =>
          application.get(OrderItemRepository).findById({ orderId_lineNo: { orderId: 1n, lineNo: slug } }),
      ],
      [
        'findById',
        'include.products.where.sku',
        () => categories.findById(1, { include: { products: { where: { sku: slug } } } }),
      ],
    ])('%s: %s', async (_operation, path, call) => {
      await expect(call()).rejects.toMatchObject({ name: 'ValidationError', code: 'VALIDATION', path });
      expect(await database.query('SELECT name FROM category ORDER BY id')).toEqual([
        { name: 'a' },
        { name: 'b' },
      ]);
      expect(await database.query('SELECT name FROM product ORDER BY id')).toEqual([
        { name: 'a' },
        { name: 'b' },
      ]);
    });
  });

  it('takes undefined where it is no condition, and every value that is', async () => {
    const created = await categories.create({
      data: {
        name: 'Tea',
        slug: 'tea',
        products: { create: [{ ...withoutCategory('t'), description: MISSING }] },
      },
    });
    await categories.update({ where: { id: created.id }, data: { name: MISSING, products: MISSING } });
    const found = await products.findMany({
      where: {
        createdAt: { lte: new Date() },
        weightKg: { equals: new Prisma.Decimal('0.125') },
        description: null,
        category: { is: { slug: 'tea' } },
      },
      include: { category: true, stock: MISSING },
      take: MISSING,
    });
    expect(found).toHaveLength(1);
  });

  it('gives the delegate for what it does not wrap', async () => {
    await categories.create({ data: { name: 'Tea', slug: 'tea' } });
    expect(await categories.findBySlug('tea')).toMatchObject({ name: 'Tea' });
  });
});

function withoutCategory(sku: string) {
  const { categoryId: _categoryId, ...rest } = product(sku, 0);
  return rest;
}
