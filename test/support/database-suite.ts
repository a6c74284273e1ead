import { afterAll, beforeAll } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Database, type DatabaseModuleOptions } from '../../libs/database/src/index.js';
import { databaseModule, startApplication } from './database-application.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** An application with `DatabaseModule` on a database of its own. */
export interface DatabaseApplication {
  readonly database: TestDatabase;
  readonly app: INestApplicationContext;
  readonly db: Database;
}

/**
 * Starts one for the tests of the `describe` it stands in, and ends it after them.
 *
 * @param take - is handed it before the first test, to keep what the tests need and to fill the tables
 */
export function useDatabaseApplication(
  options: Partial<DatabaseModuleOptions>,
  take: (opened: DatabaseApplication) => unknown,
): void {
  let database: TestDatabase | undefined;
  let app: INestApplicationContext | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApplication({ imports: [databaseModule(database, options)] });
    await take({ database, app, db: app.get(Database) });
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });
}
