import { createServer, type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../libs/database/src/embedded/index.js';
import { ConnectionProbe } from '../../../libs/database/src/health/connection-probe.js';
import {
  DatabaseHealthIndicator,
  DatabaseHealthModule,
  DatabasePoolHealthIndicator,
} from '../../../libs/database/src/health/index.js';
import { PrismaService, type DatabaseModuleOptions } from '../../../libs/database/src/index.js';
import { openProbeSession } from '../../../libs/database/src/postgres/probe-session.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { Stopwatch } from '../../support/stopwatch.js';
import { freeze } from '../../support/stopped-processes.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';
import { createUsedDirectory, removeDirectories } from '../embedded/scratch-directory.js';

jest.setTimeout(30_000);

const BOUND_MS = 1_000;
/** Longer than this without a processor, and a verdict is one on the machine. */
const STARVED_MS = 250;

let database: TestDatabase;
let application: INestApplicationContext | undefined;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterEach(async () => {
  await application?.close();
  application = undefined;
});
afterAll(async () => {
  await database.drop();
  await removeDirectories();
});

async function start(
  url: string,
  options: Partial<DatabaseModuleOptions> = {},
): Promise<INestApplicationContext> {
  application = await startApplication({
    imports: [databaseModule({ url }, options), DatabaseHealthModule],
  });
  return application;
}

type Ping = () => Promise<{ readonly status: string }>;

/**
 * How long the slowest of them took, in milliseconds, without what a busy machine kept this process from running, and what
 * they said. A machine that ran neither us nor the server for long has shown nothing of us: then they are asked again.
 */
async function askAll(pings: readonly Ping[]): Promise<{ slowestMs: number; statuses: Set<string> }> {
  for (let attempt = 1; ; attempt += 1) {
    const times: number[] = [];
    const statuses = new Set<string>();
    const stopwatch = new Stopwatch();
    await Promise.all(
      pings.map(async (ping) => {
        const started = performance.now();
        statuses.add((await ping()).status);
        times.push(performance.now() - started);
      }),
    );
    const { elapsedMs, tookMs } = stopwatch.stop();
    const starvedMs = elapsedMs - tookMs;
    if (starvedMs < STARVED_MS || attempt === 5)
      return { slowestMs: Math.max(...times) - starvedMs, statuses };
  }
}

describe('probes while the pool is exhausted', () => {
  it('answer up, 1,000 of them within a second each, over one connection, and leave nothing queued', async () => {
    const started = await start(database.url, { pool: { max: 2 } });
    const prisma = started.get(PrismaService);
    const indicator = started.get(DatabaseHealthIndicator);
    const pool = started.get(DatabasePoolHealthIndicator);
    const usage = async () => (await pool.pressureCheck('pool', { details: true })).pool;
    const busy = Promise.allSettled(
      [1, 2].map(() => prisma.$executeRaw`SELECT pg_sleep(30)`.then(() => undefined)),
    );
    expect(await until(async () => (await usage()).active === 2, 2_000)).toBe(true);

    // Half of them ask anew instead of taking a report of the last half second.
    const pings = Array.from({ length: 1_000 }, (_, index) => async () => {
      const maxAgeMs = index % 2 === 0 ? 0 : 500;
      return (await indicator.pingCheck('database', { maxAgeMs })).database;
    });
    for (const part of [pings.slice(0, 10), pings.slice(10)]) {
      const { slowestMs, statuses } = await askAll(part);
      expect(slowestMs).toBeLessThan(BOUND_MS);
      expect([...statuses]).toEqual(['up']);
    }
    expect(await usage()).toMatchObject({ active: 2, waiting: 0 });
    // The two of the pool and the one of the probe.
    expect(await database.countConnections()).toBe(3);

    // Naive (Terminus' Prisma indicator, a race against a timer): each ping that is given up stays in the pool's queue.
    const timeout = Promise.resolve('timeout');
    const naive = () => Promise.race([prisma.$queryRaw`SELECT 1`, timeout]);
    expect(new Set(await Promise.all([naive(), naive(), naive()]))).toEqual(new Set(['timeout']));
    expect(await until(async () => (await usage()).waiting === 3, 2_000)).toBe(true);
    await database.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()",
    );
    await busy;
    expect(await until(async () => (await usage()).waiting === 0, 2_000)).toBe(true);
  });

  it('are still right after the server has ended their connection in the meantime', async () => {
    const started = await start(database.url);
    const indicator = started.get(DatabaseHealthIndicator);
    await indicator.pingCheck('database');
    await database.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [database.name],
    );
    // Naive: the first ping after a restart of the database takes a dead connection from the pool and fails.
    expect(await indicator.pingCheck('database', { maxAgeMs: 0 })).toEqual({ database: { status: 'up' } });
  });
});

describe('probes of a server that accepts connections and never answers', () => {
  let server: EmbeddedPostgres;
  beforeAll(async () => {
    server = await startEmbeddedPostgres({
      dataDir: await createUsedDirectory(),
      settings: { fsync: 'off' },
    });
  });
  afterAll(() => server.stop());

  it('answer down within a second each, leave one connection at most, and are up again by themselves', async () => {
    const started = await start(server.url);
    const indicator = started.get(DatabaseHealthIndicator);
    const ping = async () => (await indicator.pingCheck('database', { details: true, maxAgeMs: 0 })).database;
    expect(await ping()).toMatchObject({ status: 'up' });
    const before = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

    const frozen = freeze(server.serverProcessId!);
    try {
      for (let round = 0; round < 3; round += 1) {
        const { slowestMs, statuses } = await askAll(Array.from({ length: 200 }, () => ping));
        expect(slowestMs).toBeLessThan(BOUND_MS);
        expect([...statuses]).toEqual(['down']);
        expect(await ping()).toMatchObject({
          status: 'down',
          error: expect.stringContaining('No answer within'),
        });
      }
      const now = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      expect(now).toBeLessThanOrEqual(before);
    } finally {
      frozen.thaw();
    }
    expect(await until(async () => (await ping()).status === 'up', 5_000)).toBe(true);
  });

  it('does not keep the application from closing', async () => {
    const started = await start(server.url, { shutdown: { timeoutMs: 500, drainMs: 0 } });
    await started.get(DatabaseHealthIndicator).pingCheck('database');
    const frozen = freeze(server.serverProcessId!);
    try {
      const probe = started.get(DatabaseHealthIndicator).pingCheck('database', { maxAgeMs: 0 });
      const closing = performance.now();
      await started.close();
      application = undefined;
      expect(performance.now() - closing).toBeLessThan(3_000);
      expect(await probe).toEqual({ database: { status: 'down' } });
    } finally {
      frozen.thaw();
    }
  });
});

describe('probes of a host that takes connections and says nothing', () => {
  const PASSWORD = 'sentinel-Pa55word';
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket);
    // Without reading it would not learn that the other side has gone.
    socket.resume();
    // Being reset is what happens to it.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  let port: number;
  beforeAll(async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ({ port } = silent.address() as AddressInfo);
  });
  afterAll(() => new Promise((resolve) => silent.close(resolve)));

  function openProbe(at: number): ConnectionProbe {
    return new ConnectionProbe({
      open: (signal) =>
        openProbeSession({
          url: {
            host: '127.0.0.1',
            port: at,
            database: 'shop',
            user: 'shop',
            schema: undefined,
          },
          password: () => PASSWORD,
          tls: false,
          applicationName: 'probe',
          signal,
          target: { kind: 'postgres', connection: 'default' },
        }),
      details: () => ({}),
    });
  }

  it('answer within a second, hold one connection at a time and none afterwards', async () => {
    const probe = openProbe(port);
    let most = 0;
    silent.on('connection', () => (most = Math.max(most, sockets.size)));
    for (let round = 0; round < 3; round += 1) {
      const ping = async () => {
        const { healthy } = await probe.checkHealth({ maxAgeMs: 0 });
        return { status: healthy ? 'up' : 'down' };
      };
      const { slowestMs, statuses } = await askAll(Array.from({ length: 100 }, () => ping));
      expect(slowestMs).toBeLessThan(BOUND_MS);
      expect([...statuses]).toEqual(['down']);
      expect((await probe.checkHealth()).healthy).toBe(false);
    }
    await probe.close();
    expect(await until(() => sockets.size === 0, 1_000)).toBe(true);
    // Of 300 checks: one, and the next one a moment before the host has noticed the end of it.
    expect(most).toBeLessThanOrEqual(2);
  });

  it('keep the cause and no secret when the host refuses', async () => {
    const probe = openProbe(1);
    const report = await probe.checkHealth();
    expect(report).toMatchObject({
      healthy: false,
      code: 'UNAVAILABLE',
      error: expect.stringContaining('ECONNREFUSED'),
    });
    // The same report for half a second: nobody hammers a server that is just starting.
    expect(await probe.checkHealth()).toBe(report);
    expect(await probe.checkHealth({ maxAgeMs: 0 })).not.toBe(report);
    for (const text of [inspect(report, { depth: 9 }), JSON.stringify(report), inspect(probe, { depth: 2 })])
      expect(text).not.toContain(PASSWORD);
    await probe.close();
    expect(await probe.checkHealth()).toMatchObject({ healthy: false, error: 'The connection is closed.' });
  });
});
