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
}

/** @internal */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DatabaseModuleOptions>({ moduleName: 'Database' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createDatabaseOptions')
    .setExtras<DatabaseModuleExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? true,
    }))
    .build();
