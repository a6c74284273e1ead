import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { adminUrl, createTestDatabase, type TestDatabase } from '../test-database.js';
import { until } from '../until.js';
import { SENTINEL } from './secret-scan.js';

/** A database of its own with a user whose password is {@link SENTINEL}; shared by the tests of a suite. */
export class FaultDatabase {
  private constructor(
    readonly database: TestDatabase,
    readonly role: string,
  ) {}

  static async create(): Promise<FaultDatabase> {
    const database = await createTestDatabase();
    const role = `role_${randomBytes(4).toString('hex')}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${SENTINEL}'`);
    await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    await database.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
    return new FaultDatabase(database, role);
  }

  /** The URL of the user; the password has to be escaped in it. */
  get url(): string {
    const url = new URL(this.database.url);
    url.username = this.role;
    url.password = encodeURIComponent(SENTINEL);
    return url.toString();
  }

  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    return this.database.query<Row>(sql, values);
  }

  /** Names of the stored categories. */
  async stored(): Promise<string[]> {
    return (await this.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(
      ({ name }) => name,
    );
  }

  /** The sessions of the user, other than the one that asks. */
  async sessions(): Promise<{ pid: number; state: string; application_name: string }[]> {
    return await this.query(
      'SELECT pid, state, application_name FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()',
      [this.role],
    );
  }

  /** The sessions that run a statement like this one. */
  async running(text: string): Promise<number[]> {
    const rows = await this.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND state = 'active' AND query LIKE '%' || $2 || '%'",
      [this.role, text],
    );
    return rows.map(({ pid }) => pid);
  }

  /** Waits until a session runs such a statement. */
  async isRunning(text: string): Promise<number> {
    if (!(await until(async () => (await this.running(text)).length > 0, 5_000)))
      throw new Error(`No session runs ${text}.`);
    return (await this.running(text))[0] ?? 0;
  }

  /** Ends the sessions of the user; resolves with how many there were. */
  async terminateSessions(): Promise<number> {
    const [row] = await this.query<{ count: number }>(
      'SELECT count(pg_terminate_backend(pid))::int AS count FROM pg_stat_activity WHERE usename = $1',
      [this.role],
    );
    return row?.count ?? 0;
  }

  async drop(): Promise<void> {
    await this.query(`DROP OWNED BY ${this.role}`);
    await this.database.drop();
    const admin = new pg.Client({ connectionString: adminUrl() });
    await admin.connect();
    await admin.query(`DROP ROLE ${this.role}`);
    await admin.end();
  }
}
