import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, Query, type INestApplication } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  DatabaseExceptionFilter,
  DatabaseJsonInterceptor,
  DatabaseModule,
  parseQuery,
  RepositoryFor,
} from '../../../libs/database/src/index.js';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { PRODUCT_QUERY } from './product-query.js';

@Injectable()
class ProductRepository extends RepositoryFor('product') {}

@Controller('products')
class ProductController {
  constructor(@Inject(ProductRepository) private readonly products: ProductRepository) {}

  @Get()
  async list(@Query() query: unknown): Promise<unknown> {
    const { where, orderBy = [], first = 0 } = parseQuery(query, PRODUCT_QUERY);
    return await this.products.findMany({
      where,
      orderBy,
      take: first,
      select: { name: true, weightKg: true },
    });
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query('TRUNCATE category, product, customer, customer_order RESTART IDENTITY CASCADE');
  await database.query("INSERT INTO category (name, slug) VALUES ('Office', 'office'), ('Garden', 'garden')");
  await database.query(
    `INSERT INTO product (sku, name, price_cents, weight_kg, category_id, updated_at) VALUES
     ('A,1', 'Desk 100%', 1000, 1, 1, now()), ('B', 'Desk 1000', 2000, 2.5, 1, now()),
     ('C', 'a_b', 3000, 3, 2, now()), ('D', 'axb', 4000, 4, 2, now()), ('E', 'back\\slash', 5000, 5, 2, now())`,
  );
});
afterAll(async () => {
  await database.drop();
});

describe.each([
  ['Express', () => new ExpressAdapter(), undefined],
  ['Express with nested parameters', () => new ExpressAdapter(), 'extended'],
  ['Fastify', () => new FastifyAdapter(), undefined],
] as const)('The parameters of a request on %s', (_name, createAdapter, parser) => {
  let application: INestApplication;
  let url: string;
  const get = async (query: string): Promise<[number, any]> => {
    const response = await fetch(`${url}/products?${query}`);
    return [response.status, await response.json()];
  };
  const names = async (query: string): Promise<string[]> => {
    const [status, body] = await get(query);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.map(({ name }: { name: string }) => name);
  };

  beforeAll(async () => {
    @Module({
      imports: [databaseModule(database), DatabaseModule.forFeature([ProductRepository])],
      controllers: [ProductController],
      providers: [
        { provide: APP_FILTER, useClass: DatabaseExceptionFilter },
        { provide: APP_INTERCEPTOR, useClass: DatabaseJsonInterceptor },
      ],
    })
    class ProductModule {}
    application = await NestFactory.create(ProductModule, createAdapter(), {
      logger: false,
      abortOnError: false,
    });
    if (parser !== undefined) (application as NestExpressApplication).set('query parser', parser);
    await application.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(application.getHttpServer().address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await application.close();
  });

  it('find, order and limit what they say', async () => {
    expect(
      await names('filter[priceCents][gte]=2000&filter[priceCents][lt]=5000&sort=-priceCents&first=2'),
    ).toEqual(['axb', 'a_b']);
    expect(await names('filter[category.slug]=office&sort=id')).toEqual(['Desk 100%', 'Desk 1000']);
    expect(await names('filter[category][slug][ne]=office&filter[weightKg][lte]=3.000')).toEqual(['a_b']);
    expect(await names('filter[sku][in]=A,B&sort=id')).toEqual(['Desk 1000']);
    expect(await names('filter[sku][in]=A,1&filter[sku][in]=B&sort=id')).toEqual(['Desk 100%', 'Desk 1000']);
    expect(await get('filter[sku]=B')).toEqual([200, [{ name: 'Desk 1000', weightKg: '2.5' }]]);
  });

  it('take the wildcards of LIKE in a text for the characters they are', async () => {
    const contains = (text: string) => names(`sort=id&filter[name][contains]=${encodeURIComponent(text)}`);
    expect(await contains('100%')).toEqual(['Desk 100%']);
    expect(await contains('A_B')).toEqual(['a_b']);
    expect(await contains('\\')).toEqual(['back\\slash']);
    expect(await contains('%')).toEqual(['Desk 100%']);
    expect(await contains('desk')).toEqual(['Desk 100%', 'Desk 1000']);
  });

  it('are refused with every problem, and reach no database', async () => {
    const [status, body] = await get(
      'filter[priceCents][gte]=cheap&filter[passwordHash][startsWith]=x&filter[__proto__][x]=1&sort=id&sort=-id&first=1000',
    );
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    const paths = body.errors.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['filter.priceCents.gte', 'filter.passwordHash.startsWith', 'sort', 'first']),
    );
    for (const query of [
      'filter[sku][not]=',
      'filter[OR][0][sku]=x',
      'filter=x',
      'filter[sku]=a&filter[sku]=b',
      'x=1',
    ])
      expect((await get(query))[0]).toBe(400);
  });
});
