// A PostgreSQL server of a benchmark's own, with the library and the bare client on it, both with ten connections.
import { PrismaPg } from '@prisma/adapter-pg';
import { openDatabase } from 'nestjs-database';
import { PrismaClient } from '../../apps/shop/dist/generated/prisma/client.js';
import { startBenchPostgres } from './bench-postgres.mjs';

/** @param options of `openDatabase`, beside those that every benchmark wants */
export async function openBenchDatabase(options = {}) {
  const { postgres, stop } = await startBenchPostgres();
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
    await stop();
  };
  return { database, bare, postgres, close };
}
