import pg from 'pg';
import { LOOPBACK } from './loopback-port.js';

/** The superuser of every embedded server. */
export const POSTGRES_USER = 'postgres';

/** The database that exists in every cluster. */
export const MAINTENANCE_DATABASE = 'postgres';

/**
 * What a PostgreSQL server answered: it let us in (`welcome`), it starts or stops (`busy`), it does not know our
 * password (`stranger`), or nobody answered in PostgreSQL's protocol (`silence`).
 */
export type Greeting = 'welcome' | 'busy' | 'stranger' | 'silence';

const CONNECT_TIMEOUT_MS = 2_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const CANNOT_CONNECT_NOW = '57P03';
const TOO_MANY_CONNECTIONS = '53300';
const ENDED_BY_ADMINISTRATOR = /^57P0/;

/** Knocks at the server on the port. */
export async function greetPostgres(port: number, password: string): Promise<Greeting> {
  try {
    return await converse(port, password, () => Promise.resolve('welcome'));
  } catch (error) {
    return greetingOf(sqlStateOf(error));
  }
}

/**
 * Creates the database unless it exists.
 *
 * @returns nothing when the database is there; otherwise why it is not, and whether a repetition may help
 */
export async function createDatabase(
  port: number,
  password: string,
  name: string,
): Promise<undefined | { sqlState: string | undefined }> {
  try {
    return await converse(port, password, async (client) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      return undefined;
    });
  } catch (error) {
    return { sqlState: sqlStateOf(error) };
  }
}

async function converse<Result>(
  port: number,
  password: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    host: LOOPBACK,
    port,
    user: POSTGRES_USER,
    password,
    database: MAINTENANCE_DATABASE,
    application_name: 'nestjs-database embedded',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  // A server that is stopped while we speak to it breaks the connection between two statements as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function greetingOf(sqlState: string | undefined): Greeting {
  if (sqlState === undefined) return 'silence';
  const busy =
    [CANNOT_CONNECT_NOW, TOO_MANY_CONNECTIONS].includes(sqlState) || ENDED_BY_ADMINISTRATOR.test(sqlState);
  return busy ? 'busy' : 'stranger';
}

/** The SQLSTATE, where it was the server that refused. */
function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  return error.code;
}
