import { channel } from 'node:diagnostics_channel';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Module,
  Post,
  type DynamicModule,
  type INestApplication,
  type MiddlewareConsumer,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AvailabilityMiddleware,
  DatabaseState,
  PrismaService,
  RequestContext,
  RequestContextModule,
  RequiresDatabase,
} from '../../../libs/database/src/index.js';
import type { DatabaseStateControl } from '../../../libs/database/src/lifecycle/database-state.control.js';
import { POOL_CHANNELS } from '../../../libs/database/src/postgres/pool.events.js';
import { TcpProxy } from '../../../apps/shop/test/support/tcp-proxy.js';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

@Controller()
class Routes {
  constructor(
    @Inject(RequestContext) private readonly context: RequestContext,
    @Inject(PrismaService) private readonly prisma: PrismaService,
  ) {}

  @Get('context')
  async read(): Promise<object | undefined> {
    await nextTurn();
    return this.context.current();
  }

  @Post('context')
  async post(): Promise<object | undefined> {
    return await this.read();
  }

  @Get('queries')
  async query(): Promise<object | undefined> {
    // In the place of the pool, which publishes in the context of its caller.
    for (const durationMs of [2, 3]) channel(POOL_CHANNELS.query).publish({ durationMs });
    await nextTurn();
    return this.context.current();
  }

  @Get('guarded')
  @RequiresDatabase()
  async guarded(): Promise<string> {
    await this.prisma.$queryRaw`SELECT 1`;
    return 'answered';
  }

  @Get('covered')
  covered(): string {
    return 'answered';
  }

  @Get('free')
  free(): string {
    return 'answered';
  }
}

@Module({})
class TestModule {
  static on(url: string): DynamicModule {
    return {
      module: TestModule,
      imports: [RequestContextModule, databaseModule({ url }, { pool: { max: 2, acquireTimeoutMs: 2_000 } })],
      controllers: [Routes],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AvailabilityMiddleware).forRoutes('covered');
  }
}

jest.setTimeout(30_000);

let database: TestDatabase;
let proxy: TcpProxy;
const applications: INestApplication[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  const { hostname, port } = new URL(database.url);
  proxy = new TcpProxy({ host: hostname, port: Number(port) });
  await proxy.open();
});
afterEach(async () => {
  for (const application of applications.splice(0)) await application.close();
});
afterAll(async () => {
  await proxy.cut();
  await database.drop();
});

async function start(): Promise<{ app: INestApplication; url: string }> {
  const address = new URL(database.url);
  address.host = `127.0.0.1:${proxy.port}`;
  const app = await NestFactory.create(TestModule.on(address.toString()), {
    logger: false,
    abortOnError: false,
  });
  applications.push(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}` };
}

async function get(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { ...init, headers: { Connection: 'close', ...init.headers } });
  const text = await response.text();
  const body: any = text.startsWith('{') ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body };
}

describe('RequestContext', () => {
  it('takes a sane id from the client and gives it back, and draws one otherwise', async () => {
    const { url } = await start();
    const ask = (id?: string) =>
      get(`${url}/context`, id === undefined ? {} : { headers: { 'x-request-id': id } });
    for (const id of ['abc-123', 'Root=1-67891233-abcdef', 'a'.repeat(128)]) {
      const { headers, body } = await ask(id);
      expect([headers.get('x-request-id'), body.id]).toEqual([id, id]);
    }
    for (const id of [
      undefined,
      '',
      'a'.repeat(129),
      'two words',
      '<script>',
      '"',
      "'; DROP",
      'a\u00e9',
      '../etc',
    ]) {
      const { headers, body } = await ask(id);
      expect(body.id).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
      expect(headers.get('x-request-id')).toBe(body.id);
    }
  });

  it('follows a request with a body, and says when it began', async () => {
    const { url } = await start();
    const { body } = await get(`${url}/context`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'x-request-id': 'with-a-body' },
      body: JSON.stringify({ text: 'x'.repeat(50_000) }),
    });
    expect(body).toMatchObject({
      id: 'with-a-body',
      queryCount: 0,
      databaseMs: 0,
      elapsedMs: expect.any(Number),
    });
    expect(Math.abs(Date.now() - Date.parse(body.startedAt as string))).toBeLessThan(10_000);
  });

  it('adds up the time of the queries of each request, and of nobody else', async () => {
    const { url } = await start();
    const [one, two, none] = await Promise.all([
      get(`${url}/queries`),
      get(`${url}/queries`),
      get(`${url}/context`),
    ]);
    for (const { body } of [one, two]) expect(body).toMatchObject({ queryCount: 2, databaseMs: 5 });
    expect(none.body).toMatchObject({ queryCount: 0, databaseMs: 0 });
  });

  it('is empty outside of requests, and a job can have one of its own', async () => {
    const { app } = await start();
    const context = app.get(RequestContext);
    expect([context.id, context.current()]).toEqual([undefined, undefined]);
    expect(await context.run(async () => (await nextTurn(), context.id), 'job-1')).toBe('job-1');
    expect(context.run(() => context.id)).toMatch(/^[\da-f-]{36}$/);
  });

  it('stops listening when its application closes', async () => {
    const { app } = await start();
    expect(channel(POOL_CHANNELS.query).hasSubscribers).toBe(true);
    await app.close();
    expect(channel(POOL_CHANNELS.query).hasSubscribers).toBe(false);
  });
});

describe('a route that requires the database', () => {
  // Naive: every request of the outage waits for a connection of its own and ends in a 500.
  it('answers 503 with Retry-After during an outage while others work, and heals by itself', async () => {
    const { url } = await start();
    expect((await get(`${url}/guarded`)).status).toBe(200);
    await proxy.cut();
    // The first ones may still learn it by themselves; the probe then knows.
    const refused = async () => (await get(`${url}/guarded`)).status === 503;
    expect(await until(refused, 5_000)).toBe(true);
    const { headers, body } = await get(`${url}/guarded`);
    expect(headers.get('Retry-After')).toBe('2');
    expect(body).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'The database cannot be used at the moment. Try again.',
      code: 'UNAVAILABLE',
    });
    expect(await get(`${url}/covered`)).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect((await get(`${url}/covered`)).headers.get('Retry-After')).toBe('2');
    expect((await get(`${url}/free`)).status).toBe(200);
    await proxy.open();
    expect(await until(async () => (await get(`${url}/guarded`)).status === 200, 5_000)).toBe(true);
    expect((await get(`${url}/covered`)).status).toBe(200);
  });

  it('is refused by the state of the connection, except while what was accepted is still served', async () => {
    const { app, url } = await start();
    const state = app.get<DatabaseStateControl>(DatabaseState);
    state.move('draining');
    expect((await get(`${url}/guarded`)).status).toBe(200);
    state.move('closed');
    expect((await get(`${url}/guarded`)).status).toBe(503);
    expect((await get(`${url}/free`)).status).toBe(200);
  });

  it('costs at most the connection of the probe while the database is well', async () => {
    const { url } = await start();
    const count = async () => await database.countConnections();
    for (let index = 0; index < 20; index += 1) expect((await get(`${url}/covered`)).status).toBe(200);
    // One connection of the pool and at most the probe's.
    expect(await count()).toBeLessThanOrEqual(2);
  });
});
