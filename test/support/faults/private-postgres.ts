import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../libs/database/src/embedded/index.js';
import { until } from '../until.js';
import { SENTINEL } from './secret-scan.js';

const ROLE = 'shop';
const START_TIMEOUT_MS = 30_000;
const TABLE = `
  CREATE TABLE category (id serial PRIMARY KEY, name text NOT NULL UNIQUE, slug text NOT NULL UNIQUE);
  CREATE ROLE ${ROLE} LOGIN PASSWORD '${SENTINEL}';
  GRANT ALL ON category TO ${ROLE};
  GRANT ALL ON SEQUENCE category_id_seq TO ${ROLE};`;

/** A PostgreSQL that belongs to one suite, which may kill and stop it; when it has gone it is started again. */
export class PrivatePostgres {
  private constructor(
    private readonly directory: string,
    private readonly server: EmbeddedPostgres,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PrivatePostgres> {
    const directory = await mkdtemp(join(tmpdir(), 'private-postgres-'));
    // As root the server runs as an unprivileged user, who has to reach the data.
    await chmod(directory, 0o755);
    const server = await startEmbeddedPostgres({
      dataDir: join(directory, 'postgres'),
      // A signal ends a process, not the machine: what was given to the system is kept without fsync as well.
      settings: { fsync: 'off', ...settings },
    });
    const postgres = new PrivatePostgres(directory, server);
    await postgres.query(TABLE);
    return postgres;
  }

  /** The URL of a user without rights, whose password is the sentinel. */
  get url(): string {
    const url = new URL(this.server.url);
    url.username = ROLE;
    url.password = encodeURIComponent(SENTINEL);
    return url.toString();
  }

  /** The server's first process. */
  get postmaster(): number {
    const pid = this.server.serverProcessId;
    if (pid === undefined) throw new Error('The server does not run.');
    return pid;
  }

  /** All processes of the server. */
  get processes(): number[] {
    const { postmaster } = this;
    const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
    return [postmaster, ...children.split(' ').filter(Boolean).map(Number)];
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    const client = await this.connect(this.server.url);
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** A connection beside the application; the caller ends it. */
  async connect(url = this.url): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Whether it accepts connections. */
  async answers(): Promise<boolean> {
    return await this.query('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  /** Waits until another process than `before` accepts connections. */
  async restarted(before: number): Promise<void> {
    const isNew = () => this.server.serverProcessId !== undefined && this.server.serverProcessId !== before;
    const ready = await until(async () => isNew() && (await this.answers()), START_TIMEOUT_MS);
    if (!ready) throw new Error('The server did not come back.');
  }

  /** Waits until it accepts connections again. */
  async recovered(): Promise<void> {
    if (!(await until(() => this.answers(), START_TIMEOUT_MS))) throw new Error('It accepts no connections.');
  }

  async stored(): Promise<string[]> {
    return (await this.query<{ name: string }>('SELECT name FROM category')).map(({ name }) => name);
  }

  /** The application's sessions. */
  async sessions(): Promise<{ pid: number; state: string }[]> {
    return await this.query('SELECT pid, state FROM pg_stat_activity WHERE usename = $1', [ROLE]);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
