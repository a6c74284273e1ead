import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { DatabaseConnection } from '../../../libs/database/src/database.connection.js';
import { resolveDatabaseOptions } from '../../../libs/database/src/database.options.js';
import { LibrarySchemaError } from '../../../libs/database/src/index.js';
import {
  LIBRARY_SCHEMA_LOCK_KEY,
  libraryScript,
} from '../../../libs/database/src/library-schema/library-schema-script.js';
import type { SchemaComponent } from '../../../libs/database/src/library-schema/schema-component.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

const PRISMA_ENGINE = fileURLToPath(new URL('./prisma-engine-program.mjs', import.meta.url));

const FIRST: SchemaComponent = {
  component: 'outbox',
  steps: [
    {
      version: 1,
      name: 'create the tables',
      // Twice would fail, and so would half of it.
      sql: 'CREATE TABLE {schema}.letter (id int PRIMARY KEY); INSERT INTO {schema}.letter VALUES (1);',
    },
  ],
};
const SECOND: SchemaComponent = {
  component: 'outbox',
  steps: [
    ...FIRST.steps,
    { version: 2, name: 'add a colour', sql: 'ALTER TABLE {schema}.letter ADD colour text;' },
  ],
};
const OTHER: SchemaComponent = {
  component: 'saga',
  steps: [{ version: 1, name: 'create the tables', sql: 'CREATE TABLE {schema}.story (id int);' }],
};

let database: TestDatabase;
const opened: DatabaseConnection[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close(1_000);
  await database.drop();
});

interface Start {
  readonly components?: readonly SchemaComponent[];
  readonly librarySchema?: string;
  readonly url?: string;
  readonly lines?: string[];
}

/** Starts what a module would. */
async function start({ components = [FIRST], librarySchema, url = database.url, lines = [] }: Start = {}) {
  const options = resolveDatabaseOptions({
    client: PrismaClient,
    url,
    redis: false,
    env: false,
    librarySchema,
    pool: { min: 0, max: 2 },
    startup: { attempts: 1 },
  });
  const connection = new DatabaseConnection(
    { ...options, components },
    { info: (line) => lines.push(line), warn: (line) => lines.push(line) },
  );
  opened.push(connection);
  await connection.start();
  return connection;
}

const steps = (schema = 'nestjs_database') =>
  database.query<{ component: string; version: number; name: string }>(
    `SELECT component, version, name FROM ${schema}.migration ORDER BY component, version`,
  );

const librarySchemas = () =>
  database.query<{ nspname: string }>(
    "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('public', 'information_schema')",
  );

/** What Prisma's engine says of the database. */
async function askPrisma(command = ''): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [PRISMA_ENGINE, database.url, command], {
    env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: database.url },
  });
  return JSON.parse(stdout);
}

describe("the library's own tables", () => {
  it('are not made when nothing that needs them is configured', async () => {
    await start({ components: [] });
    expect(await librarySchemas()).toEqual([]);
  });

  it('are there before the connection lends anything', async () => {
    const connection = await start();
    expect(await connection.database.query('SELECT id FROM nestjs_database.letter')).toEqual([{ id: 1 }]);
    expect(await steps()).toEqual([{ component: 'outbox', version: 1, name: 'create the tables' }]);
  });

  it('are made once by any number of instances that start together', async () => {
    await Promise.all(Array.from({ length: 8 }, () => start({ components: [SECOND, OTHER] })));
    expect(await database.query('SELECT id, colour FROM nestjs_database.letter')).toEqual([
      { id: 1, colour: null },
    ]);
    expect(await steps()).toHaveLength(3);
  });

  it('get what a newer release adds, and nothing twice', async () => {
    await start();
    const lines: string[] = [];
    await start({ components: [SECOND, OTHER], lines });
    expect(lines.join('\n')).toContain('`outbox 2: add a colour`, `saga 1: create the tables`');
    expect(await steps()).toHaveLength(3);
  });

  it('cost one SELECT and no lock where they are up to date', async () => {
    await start();
    await database.holdingAdvisoryLock(LIBRARY_SCHEMA_LOCK_KEY, async () => {
      await start();
    });
  });

  it('are left to the newer release that has been here, which is said', async () => {
    await start({ components: [SECOND] });
    const lines: string[] = [];
    await start({ components: [FIRST], lines });
    expect(lines.join('\n')).toContain(
      'A newer release has changed the tables of the outbox already (version=2).',
    );
  });

  it('of another making end the start, and are not touched', async () => {
    await start();
    const [step] = FIRST.steps;
    const edited = { ...FIRST, steps: [{ ...step!, sql: 'CREATE TABLE {schema}.letter (id bigint);' }] };
    const failure = await start({ components: [edited] }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LibrarySchemaError);
    expect(failure).toMatchObject({
      code: 'LIBRARY_SCHEMA',
      retryable: false,
      steps: ['outbox 1: create the tables'],
      problem: { kind: 'changed' },
    });
    expect(await database.query('SELECT id FROM nestjs_database.letter')).toEqual([{ id: 1 }]);
  });

  it('are made whole or not at all', async () => {
    const broken = {
      ...SECOND,
      steps: [FIRST.steps[0]!, { version: 2, name: 'fail', sql: 'CREATE TABLE {schema}.x (a nonsense);' }],
    };
    await expect(start({ components: [broken] })).rejects.toMatchObject({ name: 'SchemaError' });
    expect(await librarySchemas()).toEqual([]);
  });

  it.each(['Own_Place', 'Own$$Place'])('may have a schema of another name: %s', async (librarySchema) => {
    await start({ librarySchema });
    expect(await steps(`"${librarySchema}"`)).toHaveLength(1);
    expect(await librarySchemas()).toEqual([{ nspname: librarySchema }]);
  });

  it('are never put beside the tables of the application', () => {
    const resolve = (librarySchema: string, schema?: string) => () =>
      resolveDatabaseOptions({ client: PrismaClient, url: database.url, env: false, librarySchema, schema });
    expect(resolve('public')).toThrow(
      /`librarySchema` is "public", the schema of the application's own tables/,
    );
    expect(resolve('shop', 'shop')).toThrow(/`librarySchema` is "shop"/);
    expect(resolve('pg_own')).toThrow(/a name that PostgreSQL keeps for itself/);
    expect(resolve('a"b')).toThrow(/no plain identifier/);
    expect(resolve('public', 'shop')).not.toThrow();
  });

  it('are waited for while another instance makes them, and a close ends the wait', async () => {
    await database.holdingAdvisoryLock(LIBRARY_SCHEMA_LOCK_KEY, async () => {
      const starting = start();
      const refused = expect(starting).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
      const waits =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()";
      expect(await until(async () => (await database.query(waits)).length === 1, 5_000)).toBe(true);
      await opened[0]!.close(1_000);
      await refused;
    });
    expect(await librarySchemas()).toEqual([]);
  });
});

describe("the library's own tables, without the right to create", () => {
  let url: string;
  let role: string;
  const asRole = async () => {
    role = `clerk_${database.name}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret-of-clerk'`);
    const parsed = new URL(database.url);
    parsed.username = role;
    parsed.password = 'secret-of-clerk';
    url = parsed.toString();
  };
  beforeEach(asRole);
  afterEach(async () => {
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it('end the start with the steps that are missing, and with who can help', async () => {
    const failure = (await start({ url }).catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({
      name: 'LibrarySchemaError',
      steps: ['outbox 1: create the tables'],
      problem: { kind: 'refused', reason: `permission denied for database ${database.name}` },
    });
    expect(failure.message).toContain('`librarySchemaSql()`');
  });

  it('may have been made by somebody else, by a script that can be run again', async () => {
    const script = libraryScript('nestjs_database', [SECOND, OTHER]);
    const client = new pg.Client(database.url);
    await client.connect();
    for (let run = 0; run < 2; run++) await client.query(script);
    await client.end();
    const unreadable = await start({ url, components: [SECOND, OTHER] }).catch((error: unknown) => error);
    expect(unreadable).toMatchObject({
      steps: [],
      problem: { kind: 'refused', reason: 'permission denied for schema nestjs_database' },
    });
    await database.query(`GRANT USAGE ON SCHEMA nestjs_database TO ${role}`);
    await database.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA nestjs_database TO ${role}`,
    );
    const connection = await start({ url, components: [SECOND, OTHER] });
    expect(await connection.database.query('SELECT id FROM nestjs_database.letter')).toEqual([{ id: 1 }]);
  });
});

describe('Prisma Migrate, beside the tables of the library', () => {
  it('sees no drift, makes no migration of them, and leaves them in place when it resets', async () => {
    await start({ components: [SECOND, OTHER] });
    for (const connection of opened.splice(0)) await connection.close(1_000);
    expect(await askPrisma('reset')).toEqual({
      action: { tag: 'createMigration' },
      diff: { exitCode: 0, script: expect.stringContaining('empty migration') },
    });
    expect(await steps()).toHaveLength(3);
    expect(await database.query("SELECT to_regclass('public.product') AS product")).toEqual([
      { product: null },
    ]);
  });

  it('takes a table in its own schema for drift, which is why they are not there', async () => {
    await database.query('CREATE TABLE letter (id int PRIMARY KEY)');
    expect(await askPrisma()).toMatchObject({
      action: { tag: 'reset', reason: expect.stringContaining('letter') },
      diff: { exitCode: 2 },
    });
  });
});
