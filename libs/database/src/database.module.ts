import { Logger, Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { PrismaService } from './client/prisma.service.js';
import { openDatabaseConnection, type DatabaseConnection } from './database.connection.js';
import { DatabaseLifecycle } from './database.lifecycle.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type ASYNC_OPTIONS_TYPE,
  type OPTIONS_TYPE,
} from './database.module-definition.js';
import { resolveDatabaseOptions } from './database.options.js';
import { DATABASE_CONNECTION } from './database.tokens.js';
import {
  DATABASE_HEALTH_PROBE,
  DATABASE_POOL_GAUGE,
  REDIS_HEALTH_PROBE,
} from './health/health-probe.port.js';
import { InvalidOptionsError } from './config/config.errors.js';
import { DatabaseState } from './lifecycle/database-state.js';
import { RedisService } from './redis/redis.service.js';
import { TransactionManager } from './transaction/transaction-manager.js';

const logger = 'DatabaseModule';

const PROVIDERS: Provider[] = [
  {
    provide: DATABASE_CONNECTION,
    inject: [MODULE_OPTIONS_TOKEN],
    // Opened in the factory and not in a hook: whoever injects a service waits until it works.
    useFactory: (options: unknown) =>
      openDatabaseConnection(resolveDatabaseOptions(options), (line) => {
        Logger.log(line, logger);
      }),
  },
  {
    provide: PrismaService,
    inject: [DATABASE_CONNECTION],
    useFactory: ({ prisma }: DatabaseConnection) => prisma,
  },
  {
    provide: DatabaseState,
    inject: [DATABASE_CONNECTION],
    useFactory: ({ state }: DatabaseConnection) => state,
  },
  {
    provide: TransactionManager,
    inject: [DATABASE_CONNECTION],
    useFactory: ({ transactions }: DatabaseConnection) => transactions,
  },
  {
    provide: RedisService,
    inject: [DATABASE_CONNECTION],
    useFactory: ({ redis }: DatabaseConnection) => redis,
  },
  {
    provide: DATABASE_HEALTH_PROBE,
    inject: [DATABASE_CONNECTION],
    useFactory: ({ probe }: DatabaseConnection) => probe,
  },
  {
    provide: DATABASE_POOL_GAUGE,
    inject: [DATABASE_CONNECTION],
    useFactory: ({ pool }: DatabaseConnection) => pool,
  },
  {
    provide: REDIS_HEALTH_PROBE,
    inject: [DATABASE_CONNECTION],
    useFactory: ({ redis }: DatabaseConnection) => redis,
  },
  DatabaseLifecycle,
];

/**
 * PostgreSQL through Prisma, Redis through ioredis, repositories, transactions and health, as one module.
 *
 * Importing it opens the connections before anything that injects them is constructed, and a start with a database
 * that cannot be reached fails with the cause. The connections are closed in `onApplicationShutdown`, after HTTP has
 * drained; call `app.enableShutdownHooks()` to have that happen on SIGINT and SIGTERM.
 *
 * @public
 */
@Module({
  providers: PROVIDERS,
  exports: [
    PrismaService,
    DatabaseState,
    TransactionManager,
    RedisService,
    DATABASE_HEALTH_PROBE,
    DATABASE_POOL_GAUGE,
    REDIS_HEALTH_PROBE,
  ],
})
export class DatabaseModule extends ConfigurableModuleClass {
  /**
   * Registers the module with options that are known at import time.
   *
   * @throws {@link InvalidOptionsError} at once, when the options or the environment are wrong
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    const { isGlobal: _isGlobal, ...databaseOptions } = { ...options };
    resolveDatabaseOptions(databaseOptions);
    return super.forRoot(options);
  }

  /**
   * Registers the module with options from a factory, a class or an existing provider. Wrong options fail the start
   * with {@link InvalidOptionsError}.
   *
   * @throws {@link InvalidOptionsError} at once, when there is no source of options
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    if ((options.useFactory ?? options.useClass ?? options.useExisting) === undefined) {
      throw new InvalidOptionsError('DatabaseModule.forRootAsync', [
        {
          path: 'useFactory',
          problem: 'is missing, and so are `useClass` and `useExisting`. Give one of them.',
        },
      ]);
    }
    return super.forRootAsync(options);
  }

  /**
   * Provides and exports repositories: `DatabaseModule.forFeature([UserRepository])`. Needs a global `forRoot`.
   *
   * @throws {@link InvalidOptionsError} when an entry is no class, which a circular import leads to
   */
  static forFeature(repositories: readonly Type[]): DynamicModule {
    const missing = repositories.findIndex((repository) => typeof repository !== 'function');
    if (missing >= 0) {
      throw new InvalidOptionsError('DatabaseModule.forFeature', [
        {
          path: `[${missing}]`,
          problem: 'is no class. Most often two files import each other; move what both need to a third one.',
        },
      ]);
    }
    return { module: DatabaseFeatureModule, providers: [...repositories], exports: [...repositories] };
  }
}

/** The home of the repositories that one `forFeature` call registers. */
class DatabaseFeatureModule {}
