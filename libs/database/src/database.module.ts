import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { DatabaseAvailability } from './availability/database-availability.js';
import { assertConnectionName, DEFAULT_CONNECTION } from './client/connection-tokens.js';
import type { ConnectionName } from './client/database-register.js';
import { InvalidOptionsError } from './config/config.errors.js';
import { createFeatureProviders } from './database.feature.js';
import {
  ConfigurableModuleClass,
  type ASYNC_OPTIONS_TYPE,
  type OPTIONS_TYPE,
} from './database.module-definition.js';
import { resolveDatabaseOptions } from './database.options.js';
import { createConnectionProviders } from './database.providers.js';
import { ShutdownCoordinator } from './lifecycle/shutdown-coordinator.js';
import { TransactionalExplorer } from './transaction/transactional.explorer.js';

/** What all connections of one application share; one of it, however many registrations there are. */
@Global()
@Module({
  providers: [
    ShutdownCoordinator,
    DatabaseAvailability,
    {
      provide: TransactionalExplorer,
      inject: [ModulesContainer, ModuleRef],
      useFactory: (modules: ModulesContainer, reference: ModuleRef) =>
        new TransactionalExplorer(modules, reference),
    },
  ],
  exports: [ShutdownCoordinator, DatabaseAvailability],
})
class DatabaseCoreModule {}

/**
 * PostgreSQL through Prisma, Redis through ioredis, repositories, transactions and health, as one module.
 *
 * Importing it opens the connections before anything that injects them is constructed; what a start does with a
 * database that cannot be reached is the option `startup.mode`. The connections are closed after HTTP has drained; call
 * `app.enableShutdownHooks()` to have that happen on SIGINT and SIGTERM.
 *
 * @public
 */
@Module({ imports: [DatabaseCoreModule] })
export class DatabaseModule extends ConfigurableModuleClass {
  /**
   * Registers the module with options that are known at import time.
   *
   * @throws {@link InvalidOptionsError} at once, when the options or the environment are wrong
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    const { isGlobal: _isGlobal, name = DEFAULT_CONNECTION, ...databaseOptions } = { ...options };
    assertConnectionName(name);
    resolveDatabaseOptions(databaseOptions, name);
    return withConnection(super.forRoot(options), name);
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
    const { name = DEFAULT_CONNECTION } = options;
    assertConnectionName(name);
    return withConnection(super.forRootAsync(options), name);
  }

  /**
   * Provides and exports repositories: `DatabaseModule.forFeature([UserRepository])`. Needs a global `forRoot`.
   *
   * With `connection`, the repositories work on that connection and are injected with
   * `@InjectRepository(UserRepository, connection)`: one class can serve several databases of the same schema.
   *
   * @throws {@link InvalidOptionsError} when an entry is no class, which a circular import leads to, or is bound to
   *   another connection already
   */
  static forFeature(repositories: readonly Type[], connection?: ConnectionName): DynamicModule {
    return { module: DatabaseFeatureModule, ...createFeatureProviders(repositories, connection) };
  }
}

/** The home of the repositories that one `forFeature` call registers. */
class DatabaseFeatureModule {}

function withConnection(definition: DynamicModule, name: string): DynamicModule {
  const connection = createConnectionProviders(name);
  return {
    ...definition,
    providers: [...(definition.providers ?? []), ...connection.providers],
    exports: connection.exports,
  };
}
