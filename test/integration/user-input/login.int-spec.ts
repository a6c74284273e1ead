import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Body, Controller, Inject, Injectable, Module, Post, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  DatabaseExceptionFilter,
  DatabaseModule,
  defineData,
  eq,
  guardData,
  PrismaService,
  RepositoryFor,
} from '../../../libs/database/src/index.js';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

// The shop has no passwords, so the name stands in for the token that only its owner knows.
const EMAIL = 'ada@example.com';
const TOKEN = 'analytical-engine';
const LOGIN = defineData(PrismaClient, 'customer', { allow: ['email', 'name'], required: ['email', 'name'] });

@Injectable()
class CustomerRepository extends RepositoryFor('customer') {}

@Controller()
class LoginController {
  constructor(
    @Inject(PrismaService) private readonly prisma: PrismaService,
    @Inject(CustomerRepository) private readonly customers: CustomerRepository,
  ) {}

  @Post('naive')
  async naive(@Body() body: any): Promise<{ customer: unknown }> {
    return {
      customer: await this.prisma.customer.findFirst({ where: { email: body.email, name: body.name } }),
    };
  }

  @Post('eq')
  async byEq(@Body() body: any): Promise<{ customer: unknown }> {
    const where = { email: eq<string>(body.email, 'email'), name: eq<string>(body.name, 'name') };
    return { customer: await this.customers.findOne({ where }) };
  }

  @Post('guard')
  async byGuard(@Body() body: unknown): Promise<{ customer: unknown }> {
    return { customer: await this.customers.findOne({ where: guardData(body, LOGIN) }) };
  }
}

/** In the place of a text, as JSON. */
const PAYLOADS: readonly string[] = [
  ...[
    { not: '' }, { not: null }, { not: 'x' }, { not: { equals: 'x' } }, { not: { in: [] } }, { not: { contains: 'zz' } },
    { not: { startsWith: 'zz' } }, { not: { gt: 'zzz' } }, { not: { not: { gt: '' } } }, { notIn: [] }, { notIn: ['x'] },
    { gt: '' }, { gte: '' }, { gte: 'a' }, { lt: 'zzzz' }, { lte: '\uffff' }, { gt: '', lt: 'zzz' }, { contains: '' },
    { contains: 'a' }, { contains: '%' }, { contains: '_' }, { startsWith: '' }, { startsWith: '%' }, { startsWith: 'a' },
    { endsWith: '' }, { endsWith: '%' }, { contains: '', mode: 'insensitive' }, { equals: '%', mode: 'insensitive' },
    { equals: 'ana%', mode: 'insensitive' }, { equals: { not: '' } }, { in: ['x', '%'] }, { OR: [{}] }, { AND: [] },
    { sql: 'true', values: [] }, { type: 'raw', value: 'true' }, { __raw: 'true' }, { toJSON: 'x' }, { valueOf: 1 },
    { $ne: '' }, { $gt: '' }, { $regex: '.*' }, { _ref: 'name', _container: 'Customer' }, { set: '' }, { search: 'a' },
    { path: [], string_contains: '' }, { s: 1, e: 0, d: [1] }, { 0: 'a', length: 1 }, {}, [], [''], ['x'], [[]], null,
    true, false, 0, 1, 1.5, '', '%', '_', "' OR '1'='1", "' OR 1=1 --", '\\', 'a\0',
  ].map((payload) => JSON.stringify(payload)),
  '{"__proto__":{"not":""}}',
  '{"constructor":{"prototype":{"not":""}}}',
  '{"not":"","not":"x"}',
]; // prettier-ignore

// Some 130 requests each.
jest.setTimeout(60_000);

describe('A login by what a JSON body says', () => {
  let database: TestDatabase;
  let application: INestApplication;
  let url: string;

  const send = async (route: string, body: string): Promise<[number, any]> => {
    const response = await fetch(`${url}/${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return [response.status, await response.json()];
  };
  /** The bodies that get in: a payload for the token, for both, and the token left out. */
  const bypasses = async (route: string): Promise<readonly string[]> => {
    const bodies = [
      ...PAYLOADS.map((payload) => `{"email":"${EMAIL}","name":${payload}}`),
      ...PAYLOADS.map((payload) => `{"email":${payload},"name":${payload}}`),
      `{"email":"${EMAIL}"}`,
      '{}',
      `{"email":"${EMAIL}","name":"x","OR":[{"id":1}]}`,
      `{"email":"${EMAIL}","name":"x","__proto__":{"name":{"not":""}}}`,
    ];
    const answers = await Promise.all(bodies.map((body) => send(route, body)));
    return bodies.filter((_body, index) => {
      const [status, answer] = answers[index] ?? [0, {}];
      return status === 201 && answer.customer !== null;
    });
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [databaseModule(database), DatabaseModule.forFeature([CustomerRepository])],
      controllers: [LoginController],
      providers: [{ provide: APP_FILTER, useClass: DatabaseExceptionFilter }],
    })
    class LoginModule {}
    application = await NestFactory.create(LoginModule, { logger: false, abortOnError: false });
    await application.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(application.getHttpServer().address() as AddressInfo).port}`;
    await database.query('TRUNCATE customer CASCADE');
    await database.query('INSERT INTO customer (email, name) VALUES ($1, $2), ($3, $4)', [
      EMAIL,
      TOKEN,
      'grace@example.com',
      'compiler',
    ]);
  });
  afterAll(async () => {
    await application.close();
    await database.drop();
  });

  it('lets the owner of the token in on every route, and nobody with another one', async () => {
    for (const route of ['naive', 'eq', 'guard']) {
      const [status, answer] = await send(route, JSON.stringify({ email: EMAIL, name: TOKEN }));
      expect([route, status, answer.customer.email]).toEqual([route, 201, EMAIL]);
      expect(await send(route, JSON.stringify({ email: EMAIL, name: 'x' }))).toEqual([
        201,
        { customer: null },
      ]);
    }
  });

  it('is bypassed by operators where the body goes into the where of Prisma', async () => {
    expect(PAYLOADS.length).toBeGreaterThanOrEqual(50);
    const entered = await bypasses('naive');
    expect(entered.length).toBeGreaterThan(30);
    expect(entered).toContain(`{"email":"${EMAIL}","name":{"not":""}}`);
    expect(entered).toContain(`{"email":"${EMAIL}"}`);
  });

  it.each(['eq', 'guard'])(
    'is not bypassed by any of them with %s, and the client is told what is wrong',
    async (route) => {
      expect(await bypasses(route)).toEqual([]);
      const [status, answer] = await send(route, `{"email":"${EMAIL}","name":{"not":""}}`);
      expect([status, answer.code, answer.errors.map(({ path }: any) => path)]).toEqual([
        400,
        'VALIDATION',
        ['name'],
      ]);
    },
  );
});
