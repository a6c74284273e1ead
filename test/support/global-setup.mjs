// Once for a whole test run: one PostgreSQL, one migrated template database in it, one Redis.
// It runs from the built library: Jest loads a global setup without the mapping that resolves the sources.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, startEmbeddedRedis } from 'nestjs-database/embedded';
import { migrateTemplate } from './template-database.mjs';

export const SERVERS = Symbol.for('nestjs-database:test-servers');

// Speed over safety: nothing of a test run has to survive a crash of the machine.
const POSTGRES_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '200',
};

export default async function globalSetup() {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-database-test-'));
  // As root the servers run as an unprivileged user, who has to reach the data.
  await chmod(directory, 0o755);
  const servers = { directory, stop: [() => rm(directory, { recursive: true, force: true })] };
  globalThis[SERVERS] = servers;

  process.env.TEST_DATABASE_URL ??= await startPostgres(servers);
  process.env.TEST_REDIS_URL ??= await startRedis(servers);
  process.env.TEST_TEMPLATE_DATABASE = await migrateTemplate(pg, process.env.TEST_DATABASE_URL);
}

async function startPostgres({ directory, stop }) {
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, 'postgres'),
    settings: POSTGRES_SETTINGS,
  });
  stop.unshift(() => postgres.stop());
  return postgres.url;
}

/** An empty URL tells the suites to skip, which they do with a counted reason; where Redis is required it fails. */
async function startRedis({ directory, stop }) {
  const redis = await startEmbeddedRedis({ dataDir: join(directory, 'redis') });
  if (redis !== null) {
    stop.unshift(() => redis.stop());
    return redis.url;
  }
  const hint = 'Install redis-server (on Debian: apt-get install redis-server) or set TEST_REDIS_URL.';
  if (process.env.CI || process.env.REQUIRE_REDIS === '1')
    throw new Error(`There is no Redis to test with. ${hint}`);
  console.warn(`\nNo Redis found: the suites that need it are skipped. ${hint}\n`);
  return '';
}
