import type { Type } from '@nestjs/common';
import { DEFAULT_CONNECTION } from './client/connection-tokens.js';
import type { PrismaService } from './client/prisma.service.js';
import type { HealthReport } from './common/health-report.js';
import { InvalidOptionsError, NotConfiguredError } from './config/config.errors.js';
import { DatabaseConnection } from './database.connection.js';
import { resolveDatabaseOptions, type DatabaseModuleOptions } from './database.options.js';
import { createNestLog } from './database.providers.js';
import type { DatabaseState } from './lifecycle/database-state.js';
import type { OutboxAdmin } from './outbox/outbox-admin.js';
import type { Outbox } from './outbox/outbox.js';
import type { RedisService } from './redis/redis.service.js';
import { partsOf, type Database } from './query/database.js';
import { bindRepository } from './repository/repository-for.js';
import type { TransactionManager } from './transaction/transaction-manager.js';

/**
 * The services of one connection outside of a Nest application.
 *
 * @public
 */
export interface OpenDatabase extends AsyncDisposable {
  /** The client; joins ambient transactions as in an application. */
  readonly prisma: PrismaService;
  /** SQL; joins ambient transactions as well. */
  readonly db: Database;
  /** Runs transactions that repositories and the client join. */
  readonly transactions: TransactionManager;
  /**
   * Redis.
   *
   * @throws {@link NotConfiguredError} where it is switched off
   */
  readonly redis: RedisService;
  /**
   * Writes messages; they are delivered to `outbox.sinks`.
   *
   * @throws {@link NotConfiguredError} where there is no outbox
   */
  readonly outbox: Outbox;
  /**
   * Looks after the outbox.
   *
   * @throws {@link NotConfiguredError} where there is no outbox
   */
  readonly outboxAdmin: OutboxAdmin;
  /** Where the connection is in its life. */
  readonly state: DatabaseState;

  /** The repository of this class; the same one at every call. For classes whose constructor takes nothing. */
  repository<Repository extends object>(type: Type<Repository> & (new () => Repository)): Repository;

  /** Asks the server with a real query; bounded in time, never rejects. */
  checkHealth(): Promise<HealthReport>;

  /**
   * Closes everything: busy work is waited for within `shutdown.timeoutMs`, then cut. Never rejects; further calls
   * share the first one's result. Afterwards everything is refused with {@link ShuttingDownError}.
   */
  close(): Promise<void>;
}

/**
 * As those of `DatabaseModule`, without sagas, which are found among the providers of an application.
 *
 * @public
 */
export type OpenDatabaseOptions = Omit<DatabaseModuleOptions, 'saga'>;

/**
 * Opens a database for a script, a worker or a command, with the options of `DatabaseModule`:
 *
 * ```ts
 * await using database = await openDatabase({ client: PrismaClient });
 * await database.transactions.run(async () => { … });
 * ```
 *
 * The process ends by itself once it is closed.
 *
 * @throws {@link InvalidOptionsError} when the options are wrong; nothing was started
 * @throws {@link ConnectionError} when the database cannot be reached and `startup.mode` is `strict`, after the last
 *   attempt; nothing is left open
 *
 * @public
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  if ('saga' in options && options.saga !== undefined) {
    throw InvalidOptionsError.at(
      'openDatabase',
      'saga',
      'needs an application: sagas are found among its providers. Use `DatabaseModule`, or `executeSaga` for one that ends with its process.',
    );
  }
  const resolved = resolveDatabaseOptions(options);
  const connection = new DatabaseConnection(resolved, createNestLog(DEFAULT_CONNECTION));
  await connection.start();
  connection.outbox?.start();
  return new OpenedDatabase(connection, resolved.shutdown.timeoutMs);
}

class OpenedDatabase implements OpenDatabase {
  private readonly repositories = new Map<unknown, object>();

  constructor(
    private readonly connection: DatabaseConnection,
    private readonly closeTimeoutMs: number,
  ) {}

  get prisma(): PrismaService {
    return this.connection.prisma;
  }

  get db(): Database {
    return this.connection.database;
  }

  get transactions(): TransactionManager {
    return this.connection.transactions;
  }

  get state(): DatabaseState {
    return this.connection.state;
  }

  get redis(): RedisService {
    const { redis } = this.connection;
    if (redis !== undefined) return redis;
    throw new NotConfiguredError(
      'RedisService',
      ['openDatabase'],
      'Set REDIS_URL or give the option `redis: { url }`.',
    );
  }

  repository<Repository extends object>(type: new () => Repository): Repository {
    const known = this.repositories.get(type) as Repository | undefined;
    if (known !== undefined) return known;
    partsOf(this.db).pages.keys.announce();
    const repository = bindRepository(new type(), this.prisma, this.db);
    this.repositories.set(type, repository);
    return repository;
  }

  get outbox(): Outbox {
    const { outbox } = this.connection;
    if (outbox !== undefined) return outbox.outbox;
    throw new NotConfiguredError('Outbox', ['openDatabase'], 'Give the option `outbox: {}`.');
  }

  get outboxAdmin(): OutboxAdmin {
    const { outbox } = this.connection;
    if (outbox !== undefined) return outbox.admin;
    throw new NotConfiguredError('OutboxAdmin', ['openDatabase'], 'Give the option `outbox: {}`.');
  }

  checkHealth(): Promise<HealthReport> {
    return this.prisma.checkHealth();
  }

  close(): Promise<void> {
    return this.connection.close(this.closeTimeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
