import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
} from '@nestjs/common';
import { APP_FILTER, ExternalContextCreator, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { lastValueFrom, type Observable } from 'rxjs';
import {
  DatabaseExceptionFilter,
  DatabaseModule,
  OutcomeUnknownError,
  PrismaService,
  RepositoryFor,
  RequestContextModule,
  TransactionManager,
  ValidationError,
  type DatabaseError,
} from '../../../libs/database/src/index.js';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}
@Injectable()
class ProductRepository extends RepositoryFor('product') {}

@Controller()
class Routes {
  constructor(
    @Inject(CategoryRepository) private readonly categories: CategoryRepository,
    @Inject(ProductRepository) private readonly products: ProductRepository,
    @Inject(PrismaService) private readonly prisma: PrismaService,
    @Inject(TransactionManager) private readonly transactions: TransactionManager,
  ) {}

  @Post('categories')
  async create(@Body() data: { name: string; slug: string }): Promise<unknown> {
    return await this.categories.create({ data });
  }

  @Post('categories/plain')
  async createPlainly(@Body() data: { name: string; slug: string }): Promise<unknown> {
    return await this.prisma.category.create({ data });
  }

  @Post('categories/wrapped')
  async createAndExplain(@Body() data: { name: string; slug: string }): Promise<unknown> {
    return await this.categories.create({ data }).catch((cause: unknown) => {
      throw new ForbiddenException('The application says why.', { cause });
    });
  }

  @Get('categories/:id')
  async read(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    return await this.categories.getById(id);
  }

  @Post('products')
  async sell(@Body() data: Record<string, any>): Promise<unknown> {
    const product = { sku: 's3cret-sku', name: 'x', priceCents: 1, weightKg: '1', ...data };
    return await this.products.create({ data: product as never });
  }

  @Post('sql')
  async sql(@Body() { sql }: { sql: string }): Promise<unknown> {
    return await this.transactions.run(() => this.prisma.$executeRawUnsafe(sql));
  }

  @Get('uncertain')
  uncertain(): never {
    throw new OutcomeUnknownError('order.create', 'ECONNRESET', {
      target: { kind: 'postgres', connection: 'default' },
    });
  }

  @Get('invalid')
  invalid(): never {
    throw new ValidationError('items.0.quantity', 'is no integer.', {
      others: [
        { path: 'items.0.quantity', problem: 'is too large.' },
        { path: 'note', problem: 'is too long.' },
      ],
    });
  }

  @Get('defect')
  defect(): never {
    throw new TypeError('of the application');
  }
}

class StrictFilter extends DatabaseExceptionFilter {
  protected override statusOf(error: DatabaseError, status: number): number {
    return error.code === 'FOREIGN_KEY_VIOLATION' ? 422 : status;
  }
}

@Module({})
class TestModule {
  static on(database: TestDatabase, filter: typeof DatabaseExceptionFilter): DynamicModule {
    return {
      module: TestModule,
      imports: [
        RequestContextModule,
        databaseModule(database, {
          timeouts: { statementMs: 500, lockMs: 200 },
          pool: { max: 2, acquireTimeoutMs: 300 },
        }),
        DatabaseModule.forFeature([CategoryRepository, ProductRepository]),
      ],
      controllers: [Routes],
      providers: [{ provide: APP_FILTER, useClass: filter }],
    };
  }
}

const SECRETS =
  /s3cret|category|price_cents|insert|select|127\.0\.0\.1|localhost|_key|_fkey|prisma|node_modules|\bat .*\.[jt]s/i;
const logged: { level: string; text: string }[] = [];
const keep =
  (level: string) =>
  (...texts: unknown[]) =>
    void (texts.at(-1) === 'DatabaseExceptionFilter' && logged.push({ level, text: texts.join('\n') }));
const logger: LoggerService = {
  log: () => undefined,
  debug: keep('debug'),
  warn: keep('warn'),
  error: keep('error'),
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('DatabaseExceptionFilter on %s', (_name, createAdapter) => {
  let application: INestApplication;
  let url: string;
  let headers: Headers;

  const send = async (path: string, body?: object): Promise<[number, any]> => {
    const response = await fetch(`${url}/${path}`, {
      headers: { 'content-type': 'application/json', 'x-request-id': 'request-7' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    headers = response.headers;
    return [response.status, await response.json()];
  };
  const lines = () => logged.filter(({ text }) => text.includes('request-7')).map(({ level }) => level);

  beforeAll(async () => {
    application = await NestFactory.create(
      TestModule.on(database, DatabaseExceptionFilter),
      createAdapter(),
      {
        logger,
        abortOnError: false,
      },
    );
    await application.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(application.getHttpServer().address() as AddressInfo).port}`;
  });
  beforeEach(async () => {
    await database.query('TRUNCATE category, product, customer, customer_order RESTART IDENTITY CASCADE');
    logged.length = 0;
  });
  afterAll(async () => {
    await application.close();
  });

  it.each(['categories', 'categories/plain'])(
    'answers a duplicate through %s with 409 and the field, without the value, table or index',
    async (path) => {
      await send('categories', { name: 's3cret', slug: 'a' });
      const [status, body] = await send(path, { name: 's3cret', slug: 'b' });
      expect(status).toBe(409);
      expect(body).toEqual({
        statusCode: 409,
        error: 'Conflict',
        code: 'UNIQUE_VIOLATION',
        message: 'A value that has to be unique is in use already.',
        fields: ['name'],
        requestId: 'request-7',
      });
      expect(headers.get('retry-after')).toBeNull();
      expect(lines()).toEqual(['debug']);
    },
  );

  it('answers what the data of the client break with 4xx, and says no more than the field', async () => {
    expect(await send('products', { categoryId: 5 })).toMatchObject([
      409,
      { code: 'FOREIGN_KEY_VIOLATION', message: expect.any(String) },
    ]);
    await send('categories', { name: 'x', slug: 'x' });
    await send('products', { categoryId: 1 });
    const answers = [
      await send('products', { categoryId: 1, sku: 'other', currency: 'EURO' }),
      await send('sql', { sql: "INSERT INTO category (slug) VALUES ('s3cret')" }),
      await send('sql', {
        sql: 'INSERT INTO stock_item (product_id, quantity, updated_at) VALUES (1, -4711, now())',
      }),
      await send('categories/99'),
    ];
    expect(answers.map(([status, { code, fields }]) => [status, code, fields])).toEqual([
      [400, 'QUERY', undefined],
      [400, 'NOT_NULL_VIOLATION', ['name']],
      [400, 'CHECK_VIOLATION', undefined],
      [404, 'RECORD_NOT_FOUND', undefined],
    ]);
    for (const [, body] of answers) expect(JSON.stringify(body)).not.toMatch(SECRETS);
    expect(JSON.stringify(answers)).not.toContain('4711');
  });

  it('lists the problems of a validation by path', async () => {
    expect(await send('invalid')).toMatchObject([
      400,
      {
        code: 'VALIDATION',
        errors: [
          { path: 'items.0.quantity', problems: ['is no integer.', 'is too large.'] },
          { path: 'note', problems: ['is too long.'] },
        ],
      },
    ]);
  });

  it('says when to come again where that helps, and warns in the log', async () => {
    await database.holdingAdvisoryLock(7, async () => {
      const [status, body] = await send('sql', { sql: 'SELECT pg_advisory_xact_lock(7)' });
      expect([status, body.code]).toEqual([503, 'LOCK_TIMEOUT']);
      expect(JSON.stringify(body)).not.toMatch(SECRETS);
    });
    expect(lines()).toContain('warn');
    const raise = (state: string) =>
      send('sql', { sql: `DO $$ BEGIN RAISE EXCEPTION 's3cret' USING ERRCODE = '${state}'; END $$` });
    for (const [state, status, code, retryAfter] of [
      ['40001', 503, 'SERIALIZATION_FAILURE', '1'],
      ['40P01', 503, 'DEADLOCK', '1'],
      ['55P03', 503, 'LOCK_TIMEOUT', '1'],
      ['53300', 503, 'RESOURCE', '2'],
      ['53100', 503, 'RESOURCE', null],
      ['25006', 503, 'READ_ONLY', null],
      ['57014', 504, 'QUERY_TIMEOUT', null],
      ['22003', 400, 'QUERY', null],
      ['23514', 400, 'CHECK_VIOLATION', null],
      ['42P01', 500, 'SCHEMA', null],
      ['P0001', 500, 'QUERY', null],
    ] as const) {
      const [answered, body] = await raise(state);
      expect([state, answered, body.code, headers.get('retry-after')]).toEqual([
        state,
        status,
        code,
        retryAfter,
      ]);
      expect(JSON.stringify(body)).not.toMatch(SECRETS);
    }
  });

  it('hides a defect behind the id of the request, and logs it once with its stack and without values', async () => {
    const [status, body] = await send('sql', { sql: "SELECT 's3cret' FROM no_such_table" });
    expect([status, body]).toEqual([
      500,
      {
        statusCode: 500,
        error: 'Internal Server Error',
        code: 'SCHEMA',
        message: 'Something went wrong.',
        requestId: 'request-7',
      },
    ]);
    expect(lines()).toEqual(['error']);
    const [line] = logged.filter(({ text }) => text.includes('request-7'));
    expect(line?.text).toContain('no_such_table');
    expect(line?.text).toContain('Caused by');
    expect(line?.text).not.toContain('s3cret');
    // Arguments that Prisma refuses should have been checked before.
    expect((await send('categories', { name: { not: '' }, slug: 1 }))[0]).toBe(500);
  });

  it('never asks to repeat what may have been carried out', async () => {
    const [status, body] = await send('uncertain');
    expect([status, body.code, headers.get('retry-after')]).toEqual([500, 'OUTCOME_UNKNOWN', null]);
    expect(body.message).toMatch(/may have been carried out/);
  });

  it('leaves every other exception to Nest, one around a database error included', async () => {
    expect(await send('categories/abc')).toMatchObject([
      400,
      { message: expect.stringContaining('numeric') },
    ]);
    expect(await send('defect')).toEqual([500, { statusCode: 500, message: 'Internal server error' }]);
    expect((await send('no-such-route'))[0]).toBe(404);
    await send('categories', { name: 'x', slug: 'x' });
    expect(await send('categories/wrapped', { name: 'x', slug: 'x' })).toEqual([
      403,
      { statusCode: 403, error: 'Forbidden', message: 'The application says why.' },
    ]);
  });
});

describe('DatabaseExceptionFilter', () => {
  let application: INestApplication;
  let categories: CategoryRepository;

  beforeAll(async () => {
    application = await NestFactory.create(TestModule.on(database, StrictFilter), {
      logger: false,
      abortOnError: false,
    });
    await application.listen(0, '127.0.0.1');
    categories = application.get(CategoryRepository);
    await database.query('TRUNCATE category CASCADE');
    await database.query("INSERT INTO category (name, slug) VALUES ('s3cret', 'x')");
  });
  afterAll(async () => {
    await application.close();
  });

  /** The handler as @nestjs/graphql and @nestjs/microservices run it. */
  const handlerOf = (type: string) => {
    const resolver = { create: () => categories.create({ data: { name: 's3cret', slug: 'y' } }) };
    return application
      .get(ExternalContextCreator)
      .create(
        resolver,
        resolver.create,
        'create',
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        type,
      );
  };

  it('gives GraphQL an error whose extensions carry the code and the fields, and no stack', async () => {
    const error: any = await handlerOf('graphql')();
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe('A value that has to be unique is in use already.');
    expect(error.extensions).toEqual({ code: 'UNIQUE_VIOLATION', fields: ['name'] });
    expect(error.stack).not.toMatch(SECRETS);
  });

  it('gives a microservice an observable that fails with the answer', async () => {
    const answer = (await handlerOf('rpc')()) as Observable<unknown>;
    await expect(lastValueFrom(answer)).rejects.toEqual({
      status: 'error',
      code: 'UNIQUE_VIOLATION',
      message: 'A value that has to be unique is in use already.',
      fields: ['name'],
    });
  });

  it('lets the application choose another status for a code', async () => {
    const { port } = application.getHttpServer().address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ categoryId: 4711 }),
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ statusCode: 422, error: 'Unprocessable Entity' });
  });
});
