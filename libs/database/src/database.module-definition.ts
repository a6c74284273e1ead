import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { DatabaseModuleOptions } from './database.options.js';

/**
 * What belongs to the registration rather than to the options, so that it is known before a factory runs.
 *
 * @public
 */
export interface DatabaseModuleExtras {
  /**
   * Whether every module may inject the services without importing `DatabaseModule`. `forFeature` needs it; without
   * it, list repositories under `providers` beside the import.
   *
   * @defaultValue true
   */
  readonly isGlobal?: boolean;

  /**
   * The name of the connection, for an application with several. The services of a named connection are injected with
   * `@InjectPrisma(name)` and its like; each has its own pool, transactions and state.
   *
   * @defaultValue 'default'
   */
  readonly name?: string;
}

const definition = new ConfigurableModuleBuilder<DatabaseModuleOptions>({ moduleName: 'Database' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createDatabaseOptions')
  .setExtras<DatabaseModuleExtras>({ isGlobal: true, name: 'default' }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal ?? true,
  }))
  .build();

/** The base class of `DatabaseModule`. @internal */
export const ConfigurableModuleClass = definition.ConfigurableModuleClass;
/** The token of the options as given. @internal */
export const MODULE_OPTIONS_TOKEN = definition.MODULE_OPTIONS_TOKEN;
/** What `forRoot` takes. @internal */
export const OPTIONS_TYPE = definition.OPTIONS_TYPE;
/** What `forRootAsync` takes. @internal */
export const ASYNC_OPTIONS_TYPE = definition.ASYNC_OPTIONS_TYPE;
