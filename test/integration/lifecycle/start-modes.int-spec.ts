import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  DatabaseState,
  PrismaService,
  RedisService,
  TransactionManager,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { createTestDatabase, withDatabase, type TestDatabase } from '../../support/test-database.js';
import { describeWithRedis, redisUrl } from '../../support/test-redis.js';
import { until } from '../../support/until.js';

let database: TestDatabase;
let proxy: FaultProxy;
let application: INestApplicationContext | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  proxy = await FaultProxy.start({ upstream: database.url });
});
afterEach(async () => {
  await application?.close();
  application = undefined;
  await proxy.close();
});
afterAll(async () => {
  await database.drop();
});

const quickly = { attempts: 3, initialDelayMs: 20, maxDelayMs: 50 };

describe('startup.mode "strict"', () => {
  // Naive: `$connect()` over a driver adapter resolves against a dead port; the first request finds out.
  it('fails after the last attempt with the typed error and its cause, and leaves nothing open', async () => {
    proxy.refuse();
    const failing = startApplication({ imports: [databaseModule(proxy, { startup: quickly })] });
    await expect(failing).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: expect.anything(),
      target: { kind: 'postgres', connection: 'default' },
    });
    expect(await database.countConnections()).toBe(0);
  });

  it('starts when the database comes while it is still trying', async () => {
    proxy.refuse();
    const starting = startApplication({
      imports: [databaseModule(proxy, { startup: { attempts: 1_000, initialDelayMs: 20, maxDelayMs: 50 } })],
    });
    await proxy.accept();
    application = await starting;
    expect(application.get(DatabaseState).status).toBe('ready');
  });

  it.each([
    ['refused credentials', () => database.url.replace(/:[^:@]*@/, ':hunter2@'), 'AUTH'],
    ['a missing database', () => withDatabase(database.url, 'no_such_database'), 'SCHEMA'],
  ])('does not repeat what a repetition cannot cure: %s', async (_case, url, code) => {
    const started = performance.now();
    const failing = startApplication({
      imports: [
        databaseModule(
          { url: url() },
          { startup: { attempts: 5, initialDelayMs: 60_000, maxDelayMs: 60_000 } },
        ),
      ],
    });
    await expect(failing).rejects.toMatchObject({ code });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('startup.mode "degraded"', () => {
  it('starts without the database, answers with UNAVAILABLE, and is ready within 2 s of the server accepting', async () => {
    proxy.refuse();
    application = await startApplication({
      imports: [databaseModule(proxy, { startup: { mode: 'degraded' } })],
    });
    const state = application.get(DatabaseState);
    expect(state).toMatchObject({ status: 'degraded', reason: expect.stringContaining('not reachable') });
    await expect(application.get(PrismaService).category.count()).rejects.toThrow();
    await expect(application.get(PrismaService).connect()).rejects.toMatchObject({ code: 'UNAVAILABLE' });

    const accepted = performance.now();
    await proxy.accept();
    await state.whenReady();
    expect(performance.now() - accepted).toBeLessThan(2_000);
    await expect(application.get(PrismaService).category.count()).resolves.toBe(0);
  });

  it('comes back alone after the database went away later', async () => {
    application = await startApplication({
      imports: [databaseModule(proxy, { startup: { mode: 'degraded' } })],
    });
    const state = application.get(DatabaseState);
    expect(state.status).toBe('ready');
    proxy.refuse();
    proxy.cut('rst');
    const failure = await application
      .get(PrismaService)
      .connect()
      .then(
        async () => await application?.get(PrismaService).category.count(),
        (error: unknown) => error,
      )
      .catch((error: unknown) => error);
    state.reportFailure(failure);
    expect(state.status).toBe('degraded');
    await proxy.accept();
    await state.whenReady();
    await expect(application.get(PrismaService).category.count()).resolves.toBe(0);
  });

  it('asks a server that refuses the credentials only every five seconds', async () => {
    const wrong = proxy.url.replace(/:[^:@]*@/, ':hunter2@');
    application = await startApplication({
      imports: [databaseModule({ url: wrong }, { startup: { mode: 'degraded' } })],
    });
    expect(application.get(DatabaseState)).toMatchObject({ status: 'degraded' });
    const asked = proxy.acceptedConnections;
    await until(() => proxy.acceptedConnections > asked, 2_500);
    expect(proxy.acceptedConnections).toBe(asked);
  });

  it('closes at once while it is trying, and leaves no timer', async () => {
    proxy.refuse();
    application = await startApplication({
      imports: [databaseModule(proxy, { startup: { mode: 'degraded' } })],
    });
    const started = performance.now();
    await application.close();
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(application.get(DatabaseState).status).toBe('closed');
  });
});

describeWithRedis('startup.mode "degraded" with Redis down', () => {
  it('starts without Redis, refuses its commands, and uses it within 2 s of its return', async () => {
    const redis = await FaultProxy.start({ upstream: redisUrl() });
    redis.refuse();
    application = await startApplication({
      imports: [databaseModule(database, { startup: { mode: 'degraded' }, redis: { url: redis.url } })],
    });
    const service = application.get(RedisService);
    expect(application.get(DatabaseState).status).toBe('ready');
    await expect(service.get('key')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      target: { kind: 'redis' },
    });
    await redis.accept();
    expect(await until(() => service.isConnected(), 2_000)).toBe(true);
    await expect(service.get('key')).resolves.toBeNull();
    await application.close();
    await redis.close();
  });
});

describe('startup.mode "lazy"', () => {
  it('opens nothing before the first use', async () => {
    application = await startApplication({
      imports: [databaseModule(proxy, { startup: { mode: 'lazy' } })],
    });
    expect(proxy.acceptedConnections).toBe(0);
    expect(application.get(DatabaseState).status).toBe('ready');
    await expect(application.get(PrismaService).category.count()).resolves.toBe(0);
    expect(proxy.acceptedConnections).toBeGreaterThan(0);
  });

  it('starts against a dead server, and `connect` says what is wrong', async () => {
    proxy.refuse();
    application = await startApplication({
      imports: [databaseModule(proxy, { startup: { mode: 'lazy' } })],
    });
    await expect(application.get(PrismaService).connect()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describeWithRedis('startup.mode "lazy" with Redis', () => {
  it('connects to Redis with the first command', async () => {
    application = await startApplication({
      imports: [databaseModule(database, { startup: { mode: 'lazy' }, redis: { url: redisUrl() } })],
    });
    const redis = application.get(RedisService);
    expect(redis.isConnected()).toBe(false);
    const both = await Promise.all([redis.get('one'), redis.get('two')]);
    expect(both).toEqual([null, null]);
  });
});

describe('after the close', () => {
  // Naive: a query after `$disconnect()` silently connects again and keeps the process alive.
  it.each(['strict', 'lazy'] as const)(
    'every query and transaction is refused and nothing connects again (%s)',
    async (mode) => {
      application = await startApplication({ imports: [databaseModule(proxy, { startup: { mode } })] });
      const prisma = application.get(PrismaService);
      const transactions = application.get(TransactionManager);
      if (mode === 'strict') await prisma.category.count();
      await application.close();
      const before = proxy.acceptedConnections;
      await expect(prisma.category.count()).rejects.toThrow();
      await expect(transactions.run(async () => await prisma.category.count())).rejects.toThrow();
      await expect(prisma.connect()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      expect(prisma.isConnected()).toBe(false);
      expect(proxy.acceptedConnections).toBe(before);
    },
  );

  it('`disconnect` closes one connection for good', async () => {
    application = await startApplication({ imports: [databaseModule(database)] });
    const prisma = application.get(PrismaService);
    await prisma.disconnect();
    expect(application.get(DatabaseState).status).toBe('closed');
    expect(await database.countConnections()).toBe(0);
  });
});
