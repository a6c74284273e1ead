import { readdir } from 'node:fs/promises';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { isProcessAlive } from '../../../libs/database/src/embedded/process-liveness.js';
import { until } from '../../support/until.js';
import { Instance, WITHOUT_DEATH_SIGNAL } from './instance.js';
import { createDirectory, createUsedDirectory, removeDirectories } from './scratch-directory.js';
import { answers, query } from './sql.js';

const TAKEOVER_MS = 3_000;

/** Quicker, and no different as long as the machine does not crash. */
const settings = { fsync: 'off' };

jest.setTimeout(30_000);

afterEach(() => Instance.endAll());
afterAll(() => removeDirectories());

describe('instances that share a data directory', () => {
  it('start one server together when eight begin at once on an empty directory', async () => {
    const dataDir = await createDirectory();
    const instances = await Promise.all(
      Array.from({ length: 8 }, () => Instance.ready({ options: { dataDir, database: 'shop', settings } })),
    );
    expect(new Set(instances.map(({ server }) => server.url)).size).toBe(1);
    expect(new Set(instances.map(({ server }) => server.serverProcessId)).size).toBe(1);
    expect(instances.filter(({ server }) => server.owned)).toHaveLength(1);
    expect(await Promise.all(instances.map(({ server }) => answers(server.url)))).toEqual(
      Array(8).fill(true),
    );

    const owner = instances.find(({ server }) => server.owned)!;
    await Promise.all(instances.filter((instance) => instance !== owner).map((instance) => instance.stop()));
    expect(await answers(owner.server.url)).toBe(true);
    await owner.stop();
    expect(isProcessAlive(owner.server.serverProcessId!)).toBe(false);
    expect((await readdir(dataDir)).toSorted()).toEqual(['cluster', 'postgres.log', 'server-1.json']);
  });

  it('keep the server and every acknowledged row when the owner is killed, on the same port', async () => {
    const dataDir = await createUsedDirectory();
    const owner = await Instance.ready({ options: { dataDir, settings } });
    const survivors = await Promise.all([1, 2].map(() => Instance.ready({ options: { dataDir, settings } })));
    const { url, serverProcessId } = owner.server;
    expect(survivors.map(({ server }) => [server.owned, server.url])).toEqual([
      [false, url],
      [false, url],
    ]);
    await query(url, 'CREATE TABLE kept (n int PRIMARY KEY)');

    const writer = new RowWriter(url);
    expect(await until(() => writer.acknowledged >= 20, 5_000)).toBe(true);
    await owner.kill();
    const killedAt = performance.now();
    await writer.failed;
    expect(await until(() => answers(url), TAKEOVER_MS - (performance.now() - killedAt))).toBe(true);

    const [row] = await query(url, `SELECT count(*)::int AS n FROM kept WHERE n <= ${writer.acknowledged}`);
    expect(row).toEqual({ n: writer.acknowledged });
    const states = () => Promise.all(survivors.map((survivor) => survivor.state()));
    const agreed = async () => {
      const pids = new Set((await states()).map((state) => state.serverProcessId));
      return pids.size === 1 && !pids.has(null) && !pids.has(serverProcessId);
    };
    expect(await until(agreed, 2_000)).toBe(true);
    expect((await states()).filter(({ owned }) => owned)).toHaveLength(1);
  });

  it('keep the server when its process is killed, and when its owner is killed with it', async () => {
    const dataDir = await createUsedDirectory();
    const owner = await Instance.ready({ options: { dataDir, settings } });
    const survivors = await Promise.all([1, 2].map(() => Instance.ready({ options: { dataDir, settings } })));
    const { url, serverProcessId } = owner.server;
    process.kill(serverProcessId!, 'SIGKILL');
    expect(await until(() => answers(url), TAKEOVER_MS)).toBe(true);

    const settled = async () => (await survivors[0]!.state()).serverProcessId;
    expect(await until(async () => (await settled()) !== null, 1_000)).toBe(true);
    process.kill((await settled())!, 'SIGKILL');
    await owner.kill();
    // The dead server stays in the table of processes until the system removes it, which PostgreSQL waits for.
    expect(await until(() => answers(url), 8_000)).toBe(true);
    const owners = async () =>
      (await Promise.all(survivors.map((one) => one.state()))).filter(({ owned }) => owned);
    expect(await until(async () => (await owners()).length === 1, 1_000)).toBe(true);
  });

  it('keep the server when the owner stops it, and end it when the last owner does', async () => {
    const dataDir = await createUsedDirectory();
    const owner = await Instance.ready({ options: { dataDir, settings } });
    const survivor = await Instance.ready({ options: { dataDir, settings } });
    await owner.stop();
    expect(await until(() => answers(owner.server.url), TAKEOVER_MS)).toBe(true);
    expect(await until(async () => (await survivor.state()).owned, 1_000)).toBe(true);
    const { serverProcessId } = await survivor.state();
    await survivor.stop();
    expect(isProcessAlive(serverProcessId!)).toBe(false);
  });
});

describe('an instance and the end of its process', () => {
  it('takes its server along when it is killed', async () => {
    const instance = await Instance.ready({ options: { dataDir: await createUsedDirectory(), settings } });
    await instance.kill();
    expect(await until(() => !isProcessAlive(instance.server.serverProcessId!), 5_000)).toBe(true);
  });

  it('keeps its server through Ctrl-C until it stops it itself', async () => {
    const instance = await Instance.ready({ options: { dataDir: await createUsedDirectory(), settings } });
    instance.interruptGroup();
    await instance.next('interrupted');
    expect(await query(instance.server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await instance.state()).toEqual({ owned: true, serverProcessId: instance.server.serverProcessId });
    await instance.stop();
    expect(isProcessAlive(instance.server.serverProcessId!)).toBe(false);
  });

  it('ends by itself when it has nothing else to do, and its server with it', async () => {
    const instance = await Instance.ready({
      options: { dataDir: await createUsedDirectory(), settings },
      idle: true,
    });
    expect(await instance.exited()).toBe(0);
    expect(await until(() => !isProcessAlive(instance.server.serverProcessId!), 5_000)).toBe(true);
  });

  it('leaves a directory half made that the next one clears away', async () => {
    const dataDir = await createDirectory();
    const first = new Instance({ options: { dataDir, settings } });
    const scratch = async () => (await readdir(dataDir)).filter((name) => name.startsWith('.tmp-'));
    expect(await until(async () => (await scratch()).length > 0, 10_000)).toBe(true);
    await first.kill();
    const second = await Instance.ready({ options: { dataDir, settings } });
    expect(await scratch()).toEqual([]);
    expect(await answers(second.server.url)).toBe(true);
  });

  it('takes its server along at an ordinary end where the system offers no help', async () => {
    const options = { dataDir: await createUsedDirectory(), settings };
    const instance = await Instance.ready({ options, idle: true, env: WITHOUT_DEATH_SIGNAL });
    expect(await instance.exited()).toBe(0);
    expect(await until(() => !isProcessAlive(instance.server.serverProcessId!), 5_000)).toBe(true);
  });

  it('leaves an orphan when it is killed there, which the next instance uses and leaves alone', async () => {
    const options = { dataDir: await createUsedDirectory(), settings };
    const first = await Instance.ready({ options, env: WITHOUT_DEATH_SIGNAL });
    const orphan = first.server.serverProcessId!;
    await first.kill();
    try {
      const second = await Instance.ready({ options });
      expect(second.server).toMatchObject({ owned: false, serverProcessId: orphan, url: first.server.url });
      expect(await answers(second.server.url)).toBe(true);
      await second.stop();
      expect(isProcessAlive(orphan)).toBe(true);
    } finally {
      process.kill(orphan, 'SIGINT');
      await until(() => !isProcessAlive(orphan), 5_000);
    }
  });
});

/** Inserts rows one by one until that fails. */
class RowWriter {
  acknowledged = 0;
  readonly failed: Promise<void>;

  constructor(url: string) {
    const write = async (): Promise<never> => {
      for (let n = 1; ; n++) {
        await query(url, `INSERT INTO kept VALUES (${n})`);
        this.acknowledged = n;
      }
    };
    this.failed = write().catch(() => {});
  }
}
