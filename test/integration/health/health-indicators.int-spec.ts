import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { indicate } from '../../../libs/database/src/health/health-result.js';
import {
  DatabaseHealthIndicator,
  DatabaseHealthModule,
  DatabasePoolHealthIndicator,
  RedisHealthIndicator,
} from '../../../libs/database/src/health/index.js';
import {
  DatabaseModule,
  DatabaseState,
  getRedisToken,
  PrismaService,
  type RedisService,
  type DatabaseModuleOptions,
} from '../../../libs/database/src/index.js';
import type { DatabaseStateControl } from '../../../libs/database/src/lifecycle/database-state.control.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { describeWithRedis, redisUrl } from '../../support/test-redis.js';
import { until } from '../../support/until.js';

let database: TestDatabase;
let application: INestApplicationContext | undefined;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterEach(async () => {
  await application?.close();
  application = undefined;
});
afterAll(async () => {
  await database.drop();
});

async function start(options: Partial<DatabaseModuleOptions> = {}): Promise<INestApplicationContext> {
  application = await startApplication({
    imports: [databaseModule(database, options), DatabaseHealthModule],
  });
  return application;
}

describe('DatabaseHealthIndicator', () => {
  it('says nothing but its status, and latency and pool usage where the application asks for details', async () => {
    const started = await start();
    const database = started.get(DatabaseHealthIndicator);
    expect(await database.pingCheck('database')).toEqual({ database: { status: 'up' } });
    const detailed = () => database.pingCheck('database', { details: true });
    const result = await started.get(HealthCheckService).check([detailed]);
    expect(result.status).toBe('ok');
    expect(result.details.database).toMatchObject({ status: 'up', latencyMs: expect.any(Number), max: 20 });
  });

  it('is down, and does not reject, once the application is closed', async () => {
    const started = await start();
    const indicator = started.get(DatabaseHealthIndicator);
    await started.close();
    application = undefined;
    await expect(indicator.pingCheck('database')).resolves.toEqual({ database: { status: 'down' } });
  });

  it.each(['degraded', 'draining', 'closed'] as const)(
    'is down while the connection is %s, although the server answers',
    async (status) => {
      const started = await start();
      started.get<DatabaseStateControl>(DatabaseState).move(status, 'for the test');
      expect(await started.get(DatabaseHealthIndicator).pingCheck('database', { details: true })).toEqual({
        database: { status: 'down', state: status, error: 'for the test' },
      });
    },
  );

  it('names the connection that the application does not have', async () => {
    const indicator = (await start()).get(DatabaseHealthIndicator);
    await expect(indicator.pingCheck('database', { connection: 'billing' })).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      message: expect.stringContaining('billing'),
    });
  });
});

describe('a connection with a name', () => {
  let billing: TestDatabase;
  beforeAll(async () => {
    billing = await createTestDatabase({ migrated: false });
  });
  afterAll(() => billing.drop());

  async function startBoth(
    own: Partial<DatabaseModuleOptions> = {},
    common: Partial<DatabaseModuleOptions> = {},
  ): Promise<INestApplicationContext> {
    const billingModule = DatabaseModule.forRootAsync({
      name: 'billing',
      useFactory: () => ({ client: PrismaClient, url: billing.url, env: false as const, ...own }),
    });
    application = await startApplication({
      imports: [databaseModule(database, common), billingModule, DatabaseHealthModule],
    });
    return application;
  }

  it('is asked by a probe of its own: its loss is not that of the default one', async () => {
    const started = await startBoth();
    const indicator = started.get(DatabaseHealthIndicator);
    const both = async () => {
      const asked = ['default', 'billing'].map((connection) =>
        indicator.pingCheck('it', { connection, maxAgeMs: 0 }),
      );
      return (await Promise.all(asked)).map(({ it: result }) => result.status);
    };
    expect(await both()).toEqual(['up', 'up']);
    await database.query(`ALTER DATABASE ${billing.name} ALLOW_CONNECTIONS false`);
    try {
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${billing.name}'`,
      );
      expect(await both()).toEqual(['up', 'down']);
    } finally {
      await database.query(`ALTER DATABASE ${billing.name} ALLOW_CONNECTIONS true`);
    }
    expect(await until(async () => (await both()).join() === 'up,up', 5_000)).toBe(true);
  });

  it('has no Redis where it is switched off, and is named where the application does not have it', async () => {
    const indicator = (await startBoth({ redis: false })).get(RedisHealthIndicator);
    await expect(indicator.pingCheck('redis', { connection: 'billing' })).resolves.toEqual({
      redis: { status: 'up', configured: false },
    });
    await expect(indicator.pingCheck('redis', { connection: 'unheard-of' })).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      message: expect.stringContaining('unheard-of'),
    });
  });

  describeWithRedis('and a Redis', () => {
    it('is asked for its own one, and for that of the default connection where it has none', async () => {
      const common = { redis: { url: redisUrl() } };
      const shared = (await startBoth({}, common)).get(RedisHealthIndicator);
      const ask = (indicator: RedisHealthIndicator, connection: string) =>
        indicator.pingCheck('redis', { connection, maxAgeMs: 0 });
      expect(await ask(shared, 'billing')).toEqual({ redis: { status: 'up' } });
      await application?.close();

      const started = await startBoth({ redis: { url: redisUrl() } }, common);
      await started.get<RedisService>(getRedisToken('billing')).disconnect();
      const indicator = started.get(RedisHealthIndicator);
      expect(await ask(indicator, 'billing')).toEqual({ redis: { status: 'down' } });
      expect(await ask(indicator, 'default')).toEqual({ redis: { status: 'up' } });
    });
  });
});

describe('the age that a report may have', () => {
  it.each([-1, Number.NaN, '500'])('is refused when it is %p', async (given) => {
    const started = await start();
    const maxAgeMs = given as number;
    const refusal = { code: 'INVALID_OPTIONS', violations: [{ path: 'maxAgeMs' }] };
    const ping = started.get(DatabaseHealthIndicator).pingCheck('database', { maxAgeMs });
    await expect(ping).rejects.toMatchObject(refusal);
    const redis = started.get(RedisHealthIndicator).pingCheck('redis', { maxAgeMs });
    await expect(redis).rejects.toMatchObject(refusal);
  });
});

describe('DatabasePoolHealthIndicator', () => {
  it('is up while there are free connections, degraded with figures while callers wait, and up again', async () => {
    const started = await start({ pool: { max: 1 } });
    const prisma = started.get(PrismaService);
    const indicator = started.get(DatabasePoolHealthIndicator);
    const check = () => indicator.pressureCheck('pool', { details: true });
    expect(await check()).toMatchObject({ pool: { status: 'up', active: 0, waiting: 0 } });
    const busy = Promise.all([prisma.$executeRaw`SELECT pg_sleep(0.3)`, prisma.$executeRaw`SELECT 1`]);
    const waits = async () => (await check()).pool.waiting === 1;
    expect(await until(waits, 2_000)).toBe(true);
    expect(await check()).toEqual({
      pool: { status: 'degraded', total: 1, active: 1, connecting: 0, idle: 0, waiting: 1, max: 1 },
    });
    expect(await indicator.pressureCheck('pool')).toEqual({ pool: { status: 'degraded' } });
    await busy;
    expect(await check()).toMatchObject({ pool: { status: 'up' } });
  });

  it('is degraded above the share that was asked for, although nobody waits', async () => {
    const started = await start({ pool: { max: 4 } });
    const indicator = started.get(DatabasePoolHealthIndicator);
    const busy = started.get(PrismaService).$executeRaw`SELECT pg_sleep(0.3)`.then(() => undefined);
    const degraded = async () =>
      (await indicator.pressureCheck('pool', { degradedAbove: 0.2 })).pool.status === 'degraded';
    expect(await until(degraded, 2_000)).toBe(true);
    expect(await indicator.pressureCheck('pool')).toEqual({ pool: { status: 'up' } });
    await busy;
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses %d as a share', async (degradedAbove) => {
    const indicator = (await start()).get(DatabasePoolHealthIndicator);
    await expect(indicator.pressureCheck('pool', { degradedAbove })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });
});

describe('the words of Terminus', () => {
  // Terminus 11 has no `degraded`, and its executor drops results whose status it does not know.
  it('mark a degraded store as up where Terminus 11 has no word for it', () => {
    const answer = (status: string) => (data: object) => ({ pool: { ...data, status } });
    const session = { up: answer('up'), down: answer('down') };
    const finding = { status: 'degraded', figures: { waiting: 3 } } as const;
    expect(indicate(session as never, finding, true)).toEqual({
      pool: { status: 'up', degraded: true, waiting: 3 },
    });
    expect(indicate(new HealthIndicatorService().check('pool'), finding, true)).toEqual({
      pool: { status: 'degraded', waiting: 3 },
    });
  });
});

describe('RedisHealthIndicator', () => {
  it('is up and says so where the application runs without Redis', async () => {
    const started = await start();
    await expect(started.get(RedisHealthIndicator).pingCheck('redis')).resolves.toEqual({
      redis: { status: 'up', configured: false },
    });
  });
});

describeWithRedis('RedisHealthIndicator with Redis', () => {
  it('asks Redis again only when the last report is older than the check allows', async () => {
    const started = await start({ redis: { url: redisUrl() } });
    const indicator = started.get(RedisHealthIndicator);
    const reported = async (maxAgeMs: number) =>
      (await indicator.pingCheck('redis', { details: true, maxAgeMs })).redis;
    const first = await reported(0);
    for (let check = 0; check < 5; check++) expect(await reported(60_000)).toEqual(first);
  });

  it('is up with version and memory, and down once Redis is disconnected', async () => {
    const started = await start({ redis: { url: redisUrl() } });
    const indicator = started.get(RedisHealthIndicator);
    await expect(indicator.pingCheck('redis')).resolves.toEqual({ redis: { status: 'up' } });
    await expect(indicator.pingCheck('redis', { details: true })).resolves.toMatchObject({
      redis: { status: 'up', role: 'master' },
    });
    await started.close();
    application = undefined;
    await expect(indicator.pingCheck('redis')).resolves.toEqual({ redis: { status: 'down' } });
    const optional = { criticality: 'optional' } as const;
    await expect(indicator.pingCheck('redis', optional)).resolves.toEqual({ redis: { status: 'degraded' } });
  });
});
