import type { PrismaService } from './client/prisma.service.js';
import type { ResolvedDatabaseOptions } from './database.options.js';
import { ConnectionProbe } from './health/connection-probe.js';
import type { PoolGauge } from './health/health-probe.port.js';
import { DatabaseStateControl } from './lifecycle/database-state.control.js';
import { DatabasePool } from './postgres/database-pool.js';
import { openProbeSession } from './postgres/probe-session.js';
import { createAmbientClient } from './prisma/ambient-client.js';
import { createPrismaService } from './prisma/ambient-prisma.service.js';
import { createPrismaClient } from './prisma/prisma-client.factory.js';
import { PrismaMigrationRunner } from './prisma/prisma-migration.runner.js';
import { PrismaTransactionRunner } from './prisma/prisma-transaction.runner.js';
import { RedisService } from './redis/redis.service.js';
import { TransactionContext } from './transaction/transaction-context.js';
import { TransactionManager } from './transaction/transaction-manager.js';

/** Everything that belongs to one set of options: opened together, closed together. */
export interface DatabaseConnection {
  readonly state: DatabaseStateControl;
  readonly prisma: PrismaService;
  readonly transactions: TransactionManager;
  /** Absent where Redis is switched off. */
  readonly redis: RedisService | undefined;
  readonly probe: ConnectionProbe;
  readonly pool: PoolGauge;
  /** Closes Redis and the pool, at the latest after `shutdown.timeoutMs`; never rejects. Repeated calls share one close. */
  close(): Promise<void>;
}

/**
 * Opens a connection: proves that the database answers, applies migrations where asked, connects Redis.
 *
 * When a part fails, what was already open is closed again before the error is passed on.
 */
export async function openDatabaseConnection(
  options: ResolvedDatabaseOptions,
  log: (line: string) => void,
): Promise<DatabaseConnection> {
  for (const note of options.notes) log(note);
  const pool = new DatabasePool(options, log);
  const probe = new ConnectionProbe({
    open: (signal) =>
      openProbeSession({ ...options, signal, target: { kind: 'postgres', connection: 'default' } }),
    details: () => ({ ...pool.usage() }),
  });
  const redis = options.redis === false ? undefined : new RedisService(options.redis);
  const state = new DatabaseStateControl({
    connection: 'default',
    onListenerError: (error) => {
      log(`A listener of the database state failed: ${String(error)}`);
    },
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= Promise.all([
      redis?.disconnect(),
      probe.close(),
      pool.close(options.shutdown.timeoutMs),
    ]).then(() => {
      state.move('closed');
    });
    return closing;
  };
  try {
    await pool.probe();
    if (options.migrations.autoDeploy) await deployMigrations(options, log);
    await redis?.connect();
    const context = new TransactionContext();
    const client = createPrismaClient({ ...options, schema: options.url.schema }, pool);
    state.move('ready');
    return {
      state,
      prisma: createPrismaService(createAmbientClient(client, context), pool, probe),
      transactions: new TransactionManager(new PrismaTransactionRunner(client), context, options.transaction),
      redis,
      probe,
      pool,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function deployMigrations(
  options: ResolvedDatabaseOptions,
  log: (line: string) => void,
): Promise<void> {
  const { url, password, tls, applicationName, migrations } = options;
  const runner = new PrismaMigrationRunner({ ...migrations, url, password, tls, applicationName, log });
  await runner.deploy();
}
