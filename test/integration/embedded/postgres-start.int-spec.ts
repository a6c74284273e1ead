import { inspect } from 'node:util';
import { readdir, stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../libs/database/src/embedded/index.js';
import { isProcessAlive } from '../../../libs/database/src/embedded/process-liveness.js';
import { until } from '../../support/until.js';
import { createDirectory, createUsedDirectory, removeDirectories } from './scratch-directory.js';
import { answers, query } from './sql.js';

jest.setTimeout(30_000);

const started: EmbeddedPostgres[] = [];

async function start(options: Parameters<typeof startEmbeddedPostgres>[0]): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  started.push(server);
  return server;
}

afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  await removeDirectories();
});

describe('startEmbeddedPostgres', () => {
  it('creates a PostgreSQL 18 with the database, keeps its rows and its port over a restart', async () => {
    const dataDir = join(await createDirectory(), 'new', 'postgres');
    const first = await start({ dataDir, database: 'my "shop"' });
    const [row] = await query<{ version: string; database: string; upper: string }>(
      first.url,
      `SELECT current_setting('server_version') AS version, current_database() AS database, upper('é') AS upper`,
    );
    expect(row).toEqual({ version: expect.stringMatching(/^18\./), database: 'my "shop"', upper: 'É' });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS n');
    await first.stop();
    expect(await answers(first.url)).toBe(false);

    const second = await start({ dataDir, database: 'my "shop"' });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });

  it('asks for the password, on the loopback interface only, and applies the settings', async () => {
    const server = await start({ dataDir: await createUsedDirectory(), settings: { work_mem: '7MB' } });
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });

    const outside = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of outside) expect(await accepts(address, server.port)).toBe(false);
    expect(await accepts('127.0.0.1', server.port)).toBe(true);

    const settings = await query<{ name: string; setting: string }>(
      server.url,
      `SELECT name, setting FROM pg_settings WHERE name IN
       ('listen_addresses', 'unix_socket_directories', 'password_encryption', 'shared_preload_libraries', 'work_mem')`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      password_encryption: 'scram-sha-256',
      shared_preload_libraries: 'pg_stat_statements',
      work_mem: '7168',
    });
  });

  it('keeps the password where only this user can read it, and out of what is printed', async () => {
    const lines: string[] = [];
    const server = await start({ dataDir: await createDirectory(), log: (line) => lines.push(line) });
    const { password } = new URL(server.url);
    expect(password.length).toBeGreaterThanOrEqual(32);
    expect(inspect(server) + JSON.stringify(server) + lines.join()).not.toContain(password);

    const secret = (await readdir(server.dataDir)).find((name) => name.startsWith('server-'));
    expect((await stat(join(server.dataDir, secret ?? ''))).mode & 0o777).toBe(0o600);
  });

  it('uses another port when its own was taken meanwhile, and keeps that one', async () => {
    const [dataDir, otherDir] = [await createUsedDirectory(), await createUsedDirectory()];
    const first = await start({ dataDir });
    await first.stop();
    const intruder = await start({ dataDir: otherDir, port: first.port });
    const second = await start({ dataDir });
    expect(second.port).not.toBe(first.port);
    await Promise.all([second.stop(), intruder.stop()]);
    const third = await start({ dataDir });
    expect(third.port).toBe(second.port);
  });

  it('starts the server again within three seconds when it is killed, and loses no acknowledged row', async () => {
    const server = await start({ dataDir: await createUsedDirectory() });
    await query(server.url, 'CREATE TABLE kept (n int)');
    await query(server.url, 'INSERT INTO kept SELECT generate_series(1, 100)');
    const killed = server.serverProcessId!;
    process.kill(killed, 'SIGKILL');

    expect(await until(() => answers(server.url), 3_000)).toBe(true);
    expect(await until(() => server.owned, 1_000)).toBe(true);
    expect(server.serverProcessId).not.toBe(killed);
    expect(await query(server.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 100 }]);
  });

  it('leaves no process, timer, listener or file of another run behind', async () => {
    const count = () => [
      process.getActiveResourcesInfo().filter((resource) => resource !== 'TTYWrap').length,
      process.listenerCount('exit'),
    ];
    const before = count();
    const server = await startEmbeddedPostgres({ dataDir: await createUsedDirectory() });
    const pid = server.serverProcessId!;
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(isProcessAlive(pid)).toBe(false);
    expect(server).toMatchObject({ owned: false, serverProcessId: undefined });
    expect(await until(() => String(count()) === String(before), 1_000)).toBe(true);
    expect((await readdir(server.dataDir)).toSorted()).toEqual([
      'cluster',
      'postgres.log',
      expect.stringMatching(/^server-\d+\.json$/),
    ]);
  });
});

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 }, () => resolve(true));
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
