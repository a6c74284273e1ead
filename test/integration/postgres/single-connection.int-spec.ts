import { describe, expect, it } from '@jest/globals';
import { SingleConnection } from '../../../libs/database/src/postgres/single-connection.js';
import { rejection, type PoolSuite, usePools } from './pool-suite.js';

let database: PoolSuite['database'];
usePools((suite) => ({ database } = suite));

describe('a connection of its own', () => {
  async function openSingle(settings: { pgbouncer?: boolean; password?: () => string }) {
    const url = new URL(database.url);
    return await SingleConnection.open({
      url: {
        host: url.hostname,
        port: Number(url.port),
        database: url.pathname.slice(1),
        user: url.username,
        schema: undefined,
      },
      password: 'password' in settings ? settings.password : () => decodeURIComponent(url.password),
      tls: false,
      applicationName: 'single-test',
      connectTimeoutMs: 5_000,
      target: { kind: 'postgres', connection: 'default' },
      ...(settings.pgbouncer !== undefined && { pgbouncer: settings.pgbouncer }),
    });
  }

  it.each([
    [false, 'UTC'],
    [true, 'America/New_York'],
  ])('with pgbouncer = %p asks for no settings that one refuses', async (pgbouncer, timeZone) => {
    await database.query(`ALTER DATABASE ${database.name} SET TimeZone = 'America/New_York'`);
    const connection = await openSingle({ pgbouncer });
    const { rows } = await connection.query("SELECT current_setting('TimeZone')");
    await connection.close();
    await database.query(`ALTER DATABASE ${database.name} RESET TimeZone`);
    expect(rows).toEqual([[timeZone]]);
  });

  it('fails as the pool does when its password cannot be had', async () => {
    const failing = () => {
      throw new Error('the vault is sealed');
    };
    expect(await rejection(openSingle({ password: failing }))).toMatchObject({ code: 'AUTH' });
  });
});
