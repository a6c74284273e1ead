import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { DatabaseModule, RecordNotFoundError, RepositoryFor } from '../../../libs/database/src/index.js';
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
    await expect(child).rejects.toMatchObject({ code: 'P2018' });
    const parent = products.update({ where: { id }, data: { category: { connect: { id: 404 } } } });
    await expect(parent).rejects.toMatchObject({ code: 'P2025' });
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

  it('gives the delegate for what it does not wrap', async () => {
    await categories.create({ data: { name: 'Tea', slug: 'tea' } });
    expect(await categories.findBySlug('tea')).toMatchObject({ name: 'Tea' });
  });
});

function withoutCategory(sku: string) {
  const { categoryId: _categoryId, ...rest } = product(sku, 0);
  return rest;
}
