// One PostgreSQL and, where there is one, one Redis for all applications; a database of its own for each start.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, startEmbeddedRedis } from 'nestjs-database/embedded';

const MIGRATION = 'test/consumers/base/prisma/migrations/20261122080000_sensors/migration.sql';
// Speed over safety: nothing here has to survive a crash of the machine.
const SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

export class Servers {
  #stop = [];
  #databases = 0;

  static async start(directory, root) {
    const servers = new Servers();
    try {
      servers.tables = await readFile(join(root, MIGRATION), 'utf8');
      servers.postgresUrl = process.env.TEST_DATABASE_URL ?? (await servers.#startPostgres(directory));
      servers.redisUrl = process.env.TEST_REDIS_URL ?? (await servers.#startRedis(directory));
      return servers;
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  async #startPostgres(directory) {
    const server = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres'), settings: SETTINGS });
    this.#stop.unshift(() => server.stop());
    return server.url;
  }

  async #startRedis(directory) {
    const server = await startEmbeddedRedis({ dataDir: join(directory, 'redis') });
    if (server !== null) this.#stop.unshift(() => server.stop());
    else if (process.env.REQUIRE_REDIS === '1')
      throw new Error('REQUIRE_REDIS is set, and there is no redis-server.');
    return server?.url ?? '';
  }

  /**
   * Gives `use` the variables of an application: a new database, with the tables or without.
   *
   * Dropping the database fails on an open connection: an application that has ended must have left none.
   */
  async withDatabase({ migrated }, use) {
    const number = ++this.#databases;
    const name = `consumer_${process.pid}_${number}`;
    const url = new URL(this.postgresUrl);
    url.pathname = `/${name}`;
    await this.#execute(this.postgresUrl, `CREATE DATABASE ${name}`);
    let passed = false;
    try {
      if (migrated) await this.#execute(url.toString(), this.tables);
      const result = await use({
        DATABASE_URL: url.toString(),
        ...(this.redisUrl && { REDIS_URL: this.#redis(number) }),
      });
      passed = true;
      return result;
    } finally {
      await this.#execute(this.postgresUrl, `DROP DATABASE ${name}${passed ? '' : ' WITH (FORCE)'}`);
    }
  }

  /** Redis has 16 databases; two applications at a time never share one. */
  #redis(number) {
    const url = new URL(this.redisUrl);
    url.pathname = `/${number % 16}`;
    return url.toString();
  }

  async #execute(url, sql) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  async stop() {
    for (const stop of this.#stop.splice(0)) await stop();
  }
}
