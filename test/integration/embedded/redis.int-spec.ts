import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../../../libs/database/src/embedded/index.js';
import { isProcessAlive } from '../../../libs/database/src/embedded/process-liveness.js';
import { greetRedis } from '../../../libs/database/src/embedded/redis-dialogue.js';
import { describeWithRedis } from '../../support/test-redis.js';
import { until } from '../../support/until.js';
import { Instance } from './instance.js';
import { createDirectory, removeDirectories } from './scratch-directory.js';

jest.setTimeout(30_000);

const TAKEOVER_MS = 3_000;

afterEach(() => Instance.endAll());
afterAll(() => removeDirectories());

async function ping(url: string): Promise<string> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.ping();
  } catch (error) {
    return String(error);
  } finally {
    client.disconnect();
  }
}

const answers = async (url: string) => (await ping(url)) === 'PONG';

it('resolves with null where no redis-server is installed', async () => {
  const path = process.env.PATH;
  process.env.PATH = '/nonexistent';
  try {
    expect(await startEmbeddedRedis({ dataDir: await createDirectory() })).toBeNull();
  } finally {
    process.env.PATH = path;
  }
});

describeWithRedis('startEmbeddedRedis', () => {
  it('asks for a password that only this user can find out', async () => {
    const server = (await startEmbeddedRedis({ dataDir: await createDirectory() }))!;
    const { password } = new URL(server.url);
    expect(server).toMatchObject({ url: `redis://:${password}@127.0.0.1:${server.port}`, owned: true });
    expect(await ping(server.url)).toBe('PONG');
    expect(await greetRedis(server.port, 'wrong')).toEqual({ kind: 'stranger' });
    expect(await readFile(`/proc/${server.serverProcessId}/cmdline`, 'latin1')).not.toContain(password);
    const [state = ''] = (await readdir(server.dataDir)).filter((name) => name.startsWith('server-'));
    expect((await stat(join(server.dataDir, state))).mode & 0o777).toBe(0o600);
    await server.stop();
    expect(await answers(server.url)).toBe(false);
  });

  it('keeps its URL over a restart, and changes port and password when somebody took the port', async () => {
    const dataDir = await createDirectory();
    const start = async () => (await startEmbeddedRedis({ dataDir }))!;
    const first = await start();
    await first.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    await second.stop();

    const heard: string[] = [];
    const intruder = createServer((socket) =>
      socket.on('data', (data) => socket.end(`-ERR ${heard.push(String(data))}\r\n`)),
    );
    await new Promise<void>((resolve) => intruder.listen(first.port, '127.0.0.1', resolve));
    const third = await start();
    intruder.close();
    expect(third.port).not.toBe(first.port);
    expect(heard.join()).not.toContain(new URL(third.url).password);
    expect(await answers(third.url)).toBe(true);
    await third.stop();
  });

  it('is one server for eight instances that begin at once, and outlives all but the last', async () => {
    const options = { dataDir: await createDirectory() };
    const instances = await Promise.all(
      Array.from({ length: 8 }, () => Instance.ready({ server: 'redis', options })),
    );
    expect(new Set(instances.map(({ server }) => `${server.url} ${server.serverProcessId}`)).size).toBe(1);
    expect(instances.filter(({ server }) => server.owned)).toHaveLength(1);
    expect(await Promise.all(instances.map(({ server }) => answers(server.url)))).toEqual(
      Array(8).fill(true),
    );

    const owner = instances.find(({ server }) => server.owned)!;
    const { url, serverProcessId } = owner.server;
    await owner.kill();
    const survivors = instances.filter((instance) => instance !== owner);
    const replaced = async () => {
      const state = await survivors[0]!.state();
      return (
        state.serverProcessId !== null && state.serverProcessId !== serverProcessId && (await answers(url))
      );
    };
    expect(await until(replaced, TAKEOVER_MS)).toBe(true);
    const { serverProcessId: replacement } = await survivors[0]!.state();
    expect(
      (await Promise.all(survivors.map((survivor) => survivor.state()))).filter(({ owned }) => owned),
    ).toHaveLength(1);
    await Promise.all(survivors.map((survivor) => survivor.kill()));
    expect(await until(() => !isProcessAlive(replacement!), 3_000)).toBe(true);
  });
});
