import { readFile } from 'node:fs/promises';
import type { DynamicModule } from '@nestjs/common';
import { DatabaseModule, type DatabaseModuleOptions } from '../../libs/database/src/index.js';
import { PrismaClient } from './records/generated/prisma/client.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** An empty database with the tables of `records/schema.prisma`. */
export async function createRecordsDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase({ migrated: false });
  await database.query(await readFile(new URL('records/tables.sql', import.meta.url), 'utf8'));
  return database;
}

/** The connection `records` on it. */
export function recordsModule(
  database: Pick<TestDatabase, 'url'>,
  options: Partial<DatabaseModuleOptions> = {},
): DynamicModule {
  return DatabaseModule.forRootAsync({
    name: 'records',
    useFactory: () => ({
      client: PrismaClient,
      url: database.url,
      redis: false as const,
      env: false as const,
      ...options,
    }),
  });
}
