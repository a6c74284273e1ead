import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import {
  DatabaseHealthIndicator,
  DatabaseHealthModule,
  RedisHealthIndicator,
} from '../../../libs/database/src/health/index.js';
import { PrismaService, type DatabaseModuleOptions } from '../../../libs/database/src/index.js';
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
  it('is up with latency and pool usage while the database answers', async () => {
    const started = await start();
    const database = started.get(DatabaseHealthIndicator);
    const result = await started.get(HealthCheckService).check([() => database.pingCheck('database')]);
    expect(result.status).toBe('ok');
    expect(result.details.database).toMatchObject({ status: 'up', latencyMs: expect.any(Number), max: 20 });
  });

  it('is down, and does not reject, once the pool is closed', async () => {
    const started = await start();
    const indicator = started.get(DatabaseHealthIndicator);
    await started.close();
    application = undefined;
    await expect(indicator.pingCheck('database')).resolves.toMatchObject({ database: { status: 'down' } });
  });

  // Naive (Terminus' own Prisma indicator): every timed-out ping stays queued in the pool, 3 pings = 3 waiting.
  it('answers within its bound while every connection is busy, and leaves at most one check queued', async () => {
    const started = await start({ pool: { max: 1 } });
    const prisma = started.get(PrismaService);
    const indicator = started.get(DatabaseHealthIndicator);
    // Prisma's promises are lazy: `then` sends the query.
    const busy = prisma.$executeRaw`SELECT pg_sleep(2)`.then(() => undefined);
    await until(async () => (await sleeping()) === 1, 1_000);
    const results = await Promise.all(Array.from({ length: 50 }, () => indicator.pingCheck('database')));
    for (const { database } of results)
      expect(database).toMatchObject({ status: 'down', active: 1, max: 1, waiting: 1 });
    await busy;
    await until(async () => (await indicator.pingCheck('database')).database.status === 'up', 2_000);
    await expect(indicator.pingCheck('database')).resolves.toMatchObject({ database: { status: 'up' } });
  });

  async function sleeping(): Promise<number> {
    const sql =
      "SELECT count(*)::int AS count FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)%' AND datname = $1 AND pid <> pg_backend_pid() AND state = 'active'";
    return (await database.query<{ count: number }>(sql, [database.name]))[0]?.count ?? 0;
  }
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
  it('is up with version and memory, and down once Redis is disconnected', async () => {
    const started = await start({ redis: { url: redisUrl() } });
    const indicator = started.get(RedisHealthIndicator);
    await expect(indicator.pingCheck('redis')).resolves.toMatchObject({
      redis: { status: 'up', role: 'master' },
    });
    await started.close();
    application = undefined;
    await expect(indicator.pingCheck('redis')).resolves.toMatchObject({ redis: { status: 'down' } });
  });
});
