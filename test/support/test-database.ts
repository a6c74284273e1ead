import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { until } from './until.js';

/** A database of one suite. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Runs SQL beside the code under test, on a connection of its own that is closed again. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Runs `work` while a connection of its own holds the advisory lock `key` of this database. */
  holdingAdvisoryLock(key: number | bigint, work: () => Promise<void>): Promise<void>;
  /** How many connections others hold to it. */
  countConnections(): Promise<number>;
  /** Drops it; fails when a connection is still open after two seconds, which would be a leak. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** `false` gives an empty database instead of a copy of the migrated template. */
  readonly migrated?: boolean;
}

/** The URL of the test server's administrative database. */
export function adminUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run the suite through `npm test`.');
  return url;
}

export async function createTestDatabase({
  migrated = true,
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `suite_${process.pid}_${randomBytes(4).toString('hex')}`;
  const template = migrated ? ` TEMPLATE ${process.env.TEST_TEMPLATE_DATABASE}` : '';
  await queryAt(adminUrl(), `CREATE DATABASE ${name}${template}`);
  const url = withDatabase(adminUrl(), name);
  const countConnections = async () => {
    // Autovacuum's workers are connected to it as well.
    const sql =
      "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'";
    const [row] = await queryAt<{ count: number }>(adminUrl(), sql, [name]);
    return row?.count ?? 0;
  };
  return {
    name,
    url,
    query: (sql, values) => queryAt(url, sql, values),
    holdingAdvisoryLock: (key, work) =>
      withClient(url, async (client) => {
        await client.query('SELECT pg_advisory_lock($1)', [key]);
        await work();
      }),
    countConnections,
    async drop() {
      const closed = await until(async () => (await countConnections()) === 0, 2_000);
      const left = closed ? [] : await openConnections(name);
      await queryAt(adminUrl(), `DROP DATABASE ${name} WITH (FORCE)`);
      if (!closed) throw new Error(`Connections to ${name} were left open: ${JSON.stringify(left)}`);
    },
  };
}

function openConnections(name: string): Promise<unknown[]> {
  return queryAt(
    adminUrl(),
    "SELECT pid, application_name, state, query FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'",
    [name],
  );
}

function queryAt<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(sql, values)).rows);
}

async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function withDatabase(url: string, database: string): string {
  const copy = new URL(url);
  copy.pathname = `/${database}`;
  return copy.toString();
}
