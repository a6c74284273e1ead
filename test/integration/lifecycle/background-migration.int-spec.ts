import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { DatabaseState, PrismaService } from '../../../libs/database/src/index.js';
import { MIGRATION_LOCK_KEY } from '../../../libs/database/src/prisma/prisma-migration.runner.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';
import { timeOf } from '../../support/stopwatch.js';
import { MigrationFixture, openConnection } from '../migration/migration-fixture.js';

jest.setTimeout(30_000);

const RUNNING =
  "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()";

let database: TestDatabase;
let fixture: MigrationFixture;
let application: INestApplicationContext | undefined;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
beforeEach(async () => {
  fixture = await MigrationFixture.create({});
});
afterEach(async () => {
  await application?.close();
  application = undefined;
  await fixture.remove();
});
afterAll(async () => {
  await database.drop();
});

/** Serves at once, and deploys in the background. */
async function start(
  script: string,
  options: { timeoutMs?: number; acquireTimeoutMs?: number } = {},
): Promise<INestApplicationContext> {
  await fixture.write('1_first', script);
  const { timeoutMs = 5_000, acquireTimeoutMs = 5_000 } = options;
  application = await startApplication({
    imports: [
      databaseModule(database, {
        startup: { mode: 'degraded' },
        migrations: { autoDeploy: true, directory: fixture.directory },
        pool: { acquireTimeoutMs, connectTimeoutMs: Math.min(acquireTimeoutMs, 5_000) },
        timeouts: { graceMs: 100 },
        shutdown: { timeoutMs, drainMs: 0 },
      }),
    ],
  });
  return application;
}

describe('a migration in the background', () => {
  // Naive: it is cut off with the process, counts as failed, and blocks every later start.
  it('is waited for when the application closes, where it ends in time', async () => {
    const running = await start('CREATE TABLE first (id int); SELECT pg_sleep(6)', { timeoutMs: 20_000 });
    expect(running.get(DatabaseState).status).toBe('degraded');
    await running.close();
    const [record] = await database.query<{ done: boolean }>(
      'SELECT finished_at IS NOT NULL AS done FROM _prisma_migrations',
    );
    expect(record).toEqual({ done: true });
  });

  it('does not hold the close up beyond `shutdown.timeoutMs`, counted from its first hook', async () => {
    await database.query('TRUNCATE _prisma_migrations');
    const running = await start('SELECT pg_sleep(60)', { timeoutMs: 2_000 });
    expect(await timeOf(() => running.close())).toBeLessThan(2_500);
    // It was left to itself, as the process ends it in an application.
    expect((await database.query(RUNNING)).length).toBe(1);
    await database.query(RUNNING.replace('SELECT 1', 'SELECT pg_terminate_backend(pid)'));
    expect(await until(async () => (await database.countConnections()) === 0, 5_000)).toBe(true);
  });
});

describe('an attempt to connect that others share', () => {
  it('goes on for the application when one caller has lost patience, who is told why', async () => {
    await database.query('TRUNCATE _prisma_migrations');
    const holder = await openConnection(database.url, 'holder');
    try {
      await holder.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`);
      const running = await start('SELECT 1', { acquireTimeoutMs: 500 });
      const started = performance.now();
      await expect(running.get(PrismaService).connect()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        reason: 'its migrations have not been applied yet',
      });
      expect(performance.now() - started).toBeLessThan(2_000);
      await holder.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK_KEY})`);
      await running.get(DatabaseState).whenReady();
      await expect(running.get(PrismaService).$queryRaw`SELECT 1 AS one`).resolves.toEqual([{ one: 1 }]);
    } finally {
      await holder.close();
    }
  });
});
