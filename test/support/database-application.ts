import {
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrismaClient } from '../../apps/shop/src/generated/prisma/client.js';
import { DatabaseModule, type DatabaseModuleOptions } from '../../libs/database/src/index.js';
import type { TestDatabase } from './test-database.js';

@Module({})
class TestApplicationModule {}

/** `DatabaseModule` on `database`, with Redis off and nothing read from the environment unless `options` say so. */
export function databaseModule(
  database: Pick<TestDatabase, 'url'>,
  options: Partial<DatabaseModuleOptions> = {},
): DynamicModule {
  return DatabaseModule.forRoot({
    client: PrismaClient,
    url: database.url,
    redis: false,
    env: false,
    ...options,
  });
}

/** Starts a Nest application without HTTP; the caller closes it. A failed start rejects instead of ending the process. */
export async function startApplication(metadata: ModuleMetadata): Promise<INestApplicationContext> {
  return await NestFactory.createApplicationContext(
    { module: TestApplicationModule, ...metadata } as DynamicModule,
    { logger: false, abortOnError: false },
  );
}
