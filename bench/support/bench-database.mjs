// A PostgreSQL server of a benchmark's own, with the library and the bare client on it, both with ten connections.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { openDatabase } from 'nestjs-database';
import { startEmbeddedPostgres } from 'nestjs-database/embedded';
import { PrismaClient } from '../../apps/shop/dist/generated/prisma/client.js';

/** @param options of `openDatabase`, beside those that every benchmark wants */
export async function openBenchDatabase(options = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, 'postgres'),
    settings: { fsync: 'off' },
  });
  const database = await openDatabase({
    client: PrismaClient,
    url: postgres.url,
    redis: false,
    env: false,
    migrations: { autoDeploy: true },
    pool: { max: 10 },
    logging: { mode: 'production' },
    ...options,
  });
  const bare = new PrismaClient({ adapter: new PrismaPg({ connectionString: postgres.url, max: 10 }) });
  const close = async () => {
    await bare.$disconnect();
    await database.close();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { database, bare, postgres, close };
}
