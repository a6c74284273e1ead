import { chown, chmod, copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../libs/database/src/embedded/index.js';
import { PrismaService, type DatabaseModuleOptions } from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { until } from '../../support/until.js';
import { createDirectory, removeDirectories } from '../embedded/scratch-directory.js';
import { query } from '../embedded/sql.js';

jest.setTimeout(60_000);

const FILES = join(import.meta.dirname, '../../support/fixtures/tls');
const ca = join(FILES, 'ca.pem');
const otherCa = join(FILES, 'other-ca.pem');
const clientFiles = `sslcert=${join(FILES, 'client.pem')}&sslkey=${join(FILES, 'client.key')}`;

interface Session {
  readonly ssl: boolean;
  readonly client: string | null;
}

let server: EmbeddedPostgres;

/** The server's files belong to the account the server runs as, which as root is another one. */
async function install(source: string, directory: string, name: string): Promise<void> {
  const file = join(directory, name);
  await copyFile(join(FILES, source), file);
  await chmod(file, 0o600);
  const { uid, gid } = await stat(directory);
  await chown(file, uid, gid);
}

beforeAll(async () => {
  server = await startEmbeddedPostgres({ dataDir: join(await createDirectory(), 'postgres') });
  const [row] = await query<{ directory: string }>(
    server.url,
    `SELECT current_setting('data_directory') AS directory`,
  );
  const directory = row?.directory ?? '';
  await install('server.pem', directory, 'server.crt');
  await install('server.key', directory, 'server.key');
  await install('ca.pem', directory, 'root.crt');
  await query(server.url, `ALTER SYSTEM SET ssl_ca_file = 'root.crt'`);
  await query(server.url, 'ALTER SYSTEM SET ssl = on');
  await query(server.url, 'SELECT pg_reload_conf()');
  const isOn = async () => (await query<{ ssl: string }>(server.url, 'SHOW ssl'))[0]?.ssl === 'on';
  expect(await until(isOn, 5_000)).toBe(true);
});

afterAll(async () => {
  await server.stop();
  await removeDirectories();
});

/** How the server sees a connection of an application with these parameters and options. */
async function connect(
  parameters: string,
  options: Partial<DatabaseModuleOptions> = {},
  host = 'localhost',
): Promise<Session | undefined> {
  const url = new URL(server.url);
  url.hostname = host;
  url.search = parameters;
  const app = await startApplication({ imports: [databaseModule({ url: url.href }, options)] });
  try {
    const sql = 'SELECT ssl, client_dn AS client FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    const [session] = await app.get(PrismaService).$queryRawUnsafe<Session[]>(sql);
    return session;
  } finally {
    await app.close();
  }
}

const ONCE: Partial<DatabaseModuleOptions> = { startup: { attempts: 1 } };
const failureOf = (...args: Parameters<typeof connect>) =>
  connect(args[0], { ...ONCE, ...args[1] }, args[2]).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('TLS', () => {
  it.each(['', 'sslmode=disable'])('is not spoken with %p', async (parameters) => {
    expect(await connect(parameters)).toEqual({ ssl: false, client: null });
  });

  it.each(['require', 'verify-ca', 'verify-full'])(
    'with sslmode=%s verifies the certificate, where libpq takes whoever answers for "require"',
    async (mode) => {
      expect(await connect(`sslmode=${mode}&sslrootcert=${ca}`)).toEqual({ ssl: true, client: null });
      for (const parameters of [`sslmode=${mode}`, `sslmode=${mode}&sslrootcert=${otherCa}`]) {
        expect(await failureOf(parameters)).toMatchObject({
          code: 'TLS',
          retryable: false,
          message: expect.stringMatching(/sslrootcert.*tls\.ca.*sslmode=no-verify/s) as unknown,
        });
      }
    },
  );

  it('verifies the name of the host as well', async () => {
    expect(await failureOf(`sslrootcert=${ca}`, {}, '127.0.0.1')).toMatchObject({ code: 'TLS' });
  });

  it('with sslmode=no-verify is spoken with whoever answers', async () => {
    expect(await connect('sslmode=no-verify', {}, '127.0.0.1')).toEqual({ ssl: true, client: null });
  });

  it('shows the certificate of the client, whose key is hidden from output but not from the driver', async () => {
    expect(await connect(`sslrootcert=${ca}&${clientFiles}`)).toEqual({ ssl: true, client: '/CN=client' });
  });

  it('is configured by the option as well, which counts before the URL', async () => {
    expect(await connect('sslmode=require', { tls: { rejectUnauthorized: false } })).toMatchObject({
      ssl: true,
    });
    expect(await failureOf('sslmode=no-verify', { tls: {} })).toMatchObject({ code: 'TLS' });
  });
});
