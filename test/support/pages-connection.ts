import { readFile } from 'node:fs/promises';
import {
  openDatabase,
  RepositoryFor,
  type DatabaseModuleOptions,
  type ModelOf,
  type OpenDatabase,
  type RepositoryClass,
} from '../../libs/database/src/index.js';
import { PrismaClient } from './pages/generated/prisma/client.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export { Prisma, PrismaClient } from './pages/generated/prisma/client.js';

/** An empty database with the tables of `pages/schema.prisma`. */
export async function createPagesDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase({ migrated: false });
  await database.query(await readFile(new URL('pages/tables.sql', import.meta.url), 'utf8'));
  return database;
}

/** Opens it for the library; the caller closes it. */
export async function openPages(
  database: Pick<TestDatabase, 'url'>,
  options: Partial<DatabaseModuleOptions> = {},
): Promise<OpenDatabase> {
  return await openDatabase({
    client: PrismaClient,
    url: database.url,
    redis: false,
    env: false,
    ...options,
  });
}

/** The base class of a repository of one of these models, typed by their client. */
export function pagesRepository<const Model extends ModelOf<PrismaClient>>(
  model: Model,
): RepositoryClass<PrismaClient, Model> {
  // The client is not the registered one.
  return RepositoryFor(model as never) as unknown as RepositoryClass<PrismaClient, Model>;
}
