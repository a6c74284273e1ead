import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Agent, get } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { PrismaService, UnavailableError } from '../../../libs/database/src/index.js';
import { ApplicationProcess } from '../../support/application-process.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { PrivatePostgres } from '../../support/faults/private-postgres.js';
import { until } from '../../support/until.js';
import { Stopwatch } from '../../support/stopwatch.js';

jest.setTimeout(120_000);

let database: TestDatabase;
let child: ApplicationProcess | undefined;
let isServed = false;
const servers = new Set<Server>();
const sockets = new Set<Socket>();

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  isServed = false;
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  sockets.clear();
  servers.clear();
  await child?.destroy();
  child = undefined;
});
afterAll(async () => {
  await database.drop();
});

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

function ask(port: number, path: string, agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port, path, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode, connection: response.headers.connection, body });
      });
    });
    sent.once('error', reject);
  });
}

describe('SIGTERM', () => {
  it.each(['express', 'fastify'])(
    'under 200 busy keep-alive connections turns readiness off first, answers every request, and ends by the signal (%s)',
    async (platform) => {
      const drainMs = 4_000;
      child = new ApplicationProcess({
        platform,
        options: { url: database.url, shutdown: { drainMs, timeoutMs: 20_000 } },
      });
      const { port = 0 } = await child.event('listening');
      const agent = new Agent({ keepAlive: true, maxSockets: 200 });
      isServed = true;
      const answers: Answer[] = [];
      const failures: unknown[] = [];
      const clients = Array.from({ length: 200 }, async () => {
        while (isServed)
          await ask(port, '/work', agent).then(
            (answer) => answers.push(answer),
            (error: unknown) => failures.push(error),
          );
      });
      await until(() => answers.length > 400, 20_000);
      const stopwatch = new Stopwatch();
      child.kill('SIGTERM');
      // A load balancer asks for readiness, and sends no more once it has turned red.
      expect(await until(async () => (await ask(port, '/readyz')).status === 503, drainMs)).toBe(true);
      const answeredBefore = answers.length;
      // It is still served meanwhile.
      expect(await until(() => answers.length > answeredBefore, drainMs)).toBe(true);
      isServed = false;
      await Promise.all(clients);
      agent.destroy();
      const exit = await child.exited;
      const { elapsedMs, tookMs } = stopwatch.stop();
      // It would take 20 s if it waited for anybody.
      expect(tookMs).toBeLessThan(drainMs + 2_000);
      expect(elapsedMs).toBeGreaterThanOrEqual(drainMs - 50);
      expect(exit).toEqual({ code: null, signal: 'SIGTERM' });
      expect(failures).toEqual([]);
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(answers.at(-1)?.connection).toBe('close');
      const closed = await child.event('closed');
      expect(closed.accepted).toBe(answers.length);
      expect(await database.countConnections()).toBe(0);
    },
  );

  // Naive: `server.close()` waits for a connection that has sent nothing for as long as its client likes.
  it('does not wait for connections that ask for nothing', async () => {
    child = new ApplicationProcess({
      options: { url: database.url, shutdown: { drainMs: 100, timeoutMs: 20_000 } },
    });
    const { port = 0 } = await child.event('listening');
    const silent = connect(port, '127.0.0.1');
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.once('connect', resolve));
    const stopwatch = new Stopwatch();
    child.kill('SIGTERM');
    await child.exited;
    silent.destroy();
    expect(stopwatch.stop().tookMs).toBeLessThan(2_100);
  });

  it('cuts a request that hangs on the database before the deadline, says so, and answers it', async () => {
    child = new ApplicationProcess({
      options: {
        url: database.url,
        timeouts: { statementMs: 60_000 },
        shutdown: { drainMs: 100, timeoutMs: 2_000 },
      },
    });
    const { port = 0 } = await child.event('listening');
    const hanging = ask(port, '/hang');
    await until(
      async () =>
        (
          await database.query(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()",
          )
        ).length > 0,
      5_000,
    );
    const stopwatch = new Stopwatch();
    child.kill('SIGTERM');
    expect((await hanging).status).toBe(500);
    await child.exited;
    expect(stopwatch.stop().tookMs).toBeLessThan(2_500);
    expect(child.log).toContain('database connections are cut now');
  });

  // Naive: `pool.end()` waits for the answer of a server that has stopped, for ever.
  it('ends within its deadline although the database has stopped to answer (row 90)', async () => {
    const postgres = await PrivatePostgres.start();
    try {
      child = new ApplicationProcess({
        options: { url: postgres.url, shutdown: { drainMs: 100, timeoutMs: 3_000 } },
      });
      const { port = 0 } = await child.event('listening');
      expect((await ask(port, '/work')).status).toBe(200);
      const stopped = postgres.processes;
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      try {
        const hanging = ask(port, '/work').catch(() => undefined);
        const signalled = performance.now();
        child.kill('SIGTERM');
        expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
        expect(performance.now() - signalled).toBeLessThan(5_000);
        await hanging;
      } finally {
        for (const pid of stopped) process.kill(pid, 'SIGCONT');
      }
    } finally {
      await postgres.stop();
    }
  });

  // Nest ends the process at the first hook that throws, and runs none of those that are left.
  it.each(['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'])(
    'leaves no session behind when the %s of another module throws (row 102)',
    async (throwIn) => {
      child = new ApplicationProcess({
        throwIn,
        options: { url: database.url, shutdown: { drainMs: 100, timeoutMs: 5_000 } },
      });
      const { port = 0 } = await child.event('listening');
      expect((await ask(port, '/work')).status).toBe(200);
      child.kill('SIGTERM');
      const { code, signal } = await child.exited;
      expect(signal ?? code).not.toBe(0);
      expect(await until(async () => (await database.countConnections()) === 0, 2_000)).toBe(true);
    },
  );

  it('waits for nothing without HTTP', async () => {
    child = new ApplicationProcess({
      http: false,
      options: { url: database.url, shutdown: { drainMs: 10_000, timeoutMs: 20_000 } },
    });
    await child.event('listening');
    const stopwatch = new Stopwatch();
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(stopwatch.stop().tookMs).toBeLessThan(3_000);
    expect(await database.countConnections()).toBe(0);
  });
});

describe('a signal while the application starts', () => {
  // Naive: Nest awaits the initialisation before it listens to the signal, so a retry loop in there makes it deaf.
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the retries, and the process dies of it as by default',
    async (signal) => {
      child = new ApplicationProcess({
        options: {
          url: 'postgresql://u:p@127.0.0.1:1/d',
          startup: { attempts: 1_000, initialDelayMs: 60_000, maxDelayMs: 60_000 },
        },
      });
      await child.event('starting');
      expect(await until(() => child?.log.includes('Attempt 1 of 1000') === true, 10_000)).toBe(true);
      const signalled = performance.now();
      child.kill(signal);
      expect(await child.exited).toEqual({ code: null, signal });
      expect(performance.now() - signalled).toBeLessThan(5_000);
    },
  );

  it('leaves the end to a handler of the application where there is one', async () => {
    child = new ApplicationProcess({
      ownHandler: true,
      options: {
        url: 'postgresql://u:p@127.0.0.1:1/d',
        startup: { attempts: 1_000, initialDelayMs: 60_000, maxDelayMs: 60_000 },
      },
    });
    expect(await until(() => child?.log.includes('Attempt 1 of 1000') === true, 10_000)).toBe(true);
    child.kill('SIGTERM');
    await child.event('heard');
    expect(await child.event('failed')).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(await child.exited).toEqual({ code: 1, signal: null });
  });

  // Naive: the connect of the migration goes on until its own limit, and is taken for a migration that runs.
  it.each([
    ['', false],
    [' for its migrations', true],
  ])('gives up a connection that a silent server has accepted%s', async (_, autoDeploy) => {
    const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    servers.add(server);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    child = new ApplicationProcess({
      options: {
        url: `postgresql://u:p@127.0.0.1:${port}/d`,
        migrations: { autoDeploy },
        shutdown: { timeoutMs: 1_000, drainMs: 0 },
      },
    });
    expect(await until(() => sockets.size > 0, 30_000)).toBe(true);
    const signalled = performance.now();
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(performance.now() - signalled).toBeLessThan(5_000);
    expect(child.log).not.toContain('migration still runs');
  });
});

describe('app.close()', () => {
  it('leaves nothing behind when it is done a hundred times in one process', async () => {
    const listeners = () => [process.listenerCount('SIGTERM'), process.listenerCount('SIGINT')];
    const before = listeners();
    for (let round = 0; round < 100; round++) {
      const application = await startApplication({ imports: [databaseModule(database)] });
      if (round % 10 === 0) await application.get(PrismaService).$queryRaw`SELECT 1`;
      await Promise.all([application.close(), application.close()]);
    }
    expect(await database.countConnections()).toBe(0);
    expect(listeners()).toEqual(before);
  });
});

describe('PrismaService.withRetry', () => {
  // Naive: it goes on through all of its pauses, for a connection that will never be back.
  it('ends when the connection begins to close', async () => {
    const application = await startApplication({ imports: [databaseModule(database)] });
    const prisma = application.get(PrismaService);
    const closed: Promise<void>[] = [];
    const operation = jest.fn(() => {
      closed.push(application.close());
      return Promise.reject(
        new UnavailableError('db:5432', 'ECONNREFUSED', {
          target: { kind: 'postgres', connection: 'default' },
        }),
      );
    });
    await expect(prisma.withRetry(operation, 20)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(operation.mock.calls.length).toBeLessThan(20);
    await Promise.all(closed);
    operation.mockClear();
    await expect(prisma.withRetry(operation)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(operation).not.toHaveBeenCalled();
  });
});
