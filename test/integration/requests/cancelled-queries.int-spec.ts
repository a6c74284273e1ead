import { request as httpRequest } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  cancelOnAbort,
  Database,
  PrismaService,
  QueryCancelledError,
  RequestContext,
  RequestContextModule,
  TransactionManager,
  translateError,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

const failures: unknown[] = [];

@Controller()
class Routes {
  constructor(
    @Inject(RequestContext) private readonly requests: RequestContext,
    @Inject(PrismaService) private readonly prisma: PrismaService,
  ) {}

  @Get('naive')
  async naive(): Promise<string> {
    await this.prisma.$queryRaw`SELECT pg_sleep(3), 'naive'`;
    return 'done';
  }

  @Get('follows')
  async follows(): Promise<string> {
    await cancelOnAbort(this.requests.signal, async () => {
      await this.prisma.$queryRaw`SELECT pg_sleep(30), 'follows'`;
    }).catch((error: unknown) => failures.push(error));
    return 'done';
  }
}

describe('Queries that nobody waits for any more', () => {
  let database: TestDatabase;
  let app: INestApplication;
  let prisma: PrismaService;
  let db: Database;
  let port: number;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [databaseModule(database, { pool: { max: 2, min: 0 } }), RequestContextModule],
      controllers: [Routes],
    })
    class Application {}
    app = await NestFactory.create(Application, { logger: false });
    await app.listen(0, '127.0.0.1');
    ({ port } = app.getHttpServer().address() as AddressInfo);
    prisma = app.get(PrismaService);
    db = app.get(Database);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  /** How many statements with this text the server runs. */
  const running = async (text: string) => {
    const sql =
      "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()";
    return (await database.query(sql, [`%${text}%`])).length;
  };

  /** Asks for `path` and hangs up as soon as its query runs. */
  const askAndHangUp = async (path: string) => {
    const asked = httpRequest({ port, path: `/${path}` });
    asked.on('error', () => undefined).end();
    expect(await until(async () => (await running(path)) === 1, 5_000)).toBe(true);
    asked.destroy();
  };

  it('stops the query of a request whose client has gone; without it the server works on for nobody', async () => {
    await askAndHangUp('naive');
    await askAndHangUp('follows');
    expect(await until(async () => (await running('follows')) === 0, 2_000)).toBe(true);
    expect(await running('naive')).toBe(1);
    expect(translateError(failures[0])).toBeInstanceOf(QueryCancelledError);
    expect(await until(async () => (await running('naive')) === 0, 5_000)).toBe(true);
  });

  it('undoes the write that was running, keeps its connection, and hits no later statement of it', async () => {
    const [before] = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    for (let round = 0; round < 20; round++) {
      const stop = new AbortController();
      const write = cancelOnAbort(stop.signal, () =>
        db.query("INSERT INTO category (name, slug) SELECT 'x' || pg_sleep(20), 'x'"),
      );
      expect(await until(async () => (await running('INSERT INTO category')) === 1, 5_000)).toBe(true);
      stop.abort(new Error('enough'));
      await expect(write).rejects.toMatchObject({ code: 'QUERY_CANCELLED', outcome: 'not-applied' });
      // On the same connection, at once: a request to cancel that came late would hit it.
      const [after] = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      expect(after?.pid).toBe(before?.pid);
    }
    expect(await prisma.category.count()).toBe(0);
  });

  it('stops waiting for a connection, and sends nothing with a signal that was aborted before', async () => {
    const holders = [1, 2].map(() => db.query("SELECT pg_sleep(2), 'holder'"));
    expect(await until(async () => (await running('holder')) === 2, 5_000)).toBe(true);
    const stop = new AbortController();
    const waiting = cancelOnAbort(stop.signal, () => db.query('SELECT 1'));
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toBeInstanceOf(QueryCancelledError);
    expect(await running('holder')).toBe(2);
    await expect(cancelOnAbort(stop.signal, () => db.query('SELECT 1'))).rejects.toBeInstanceOf(
      QueryCancelledError,
    );
    await Promise.all(holders);
  });

  it('rolls back the transaction it belongs to, and never cancels a COMMIT', async () => {
    const transactions = app.get(TransactionManager);
    const stop = new AbortController();
    const cut = cancelOnAbort(stop.signal, () =>
      transactions.run(async () => {
        await prisma.category.create({ data: { name: 'first', slug: 'first' } });
        stop.abort(new Error('enough'));
        await prisma.category.create({ data: { name: 'second', slug: 'second' } });
      }),
    );
    await expect(cut).rejects.toBeInstanceOf(QueryCancelledError);
    expect(await prisma.category.count()).toBe(0);
    const late = new AbortController();
    await cancelOnAbort(late.signal, () =>
      transactions.run(async () => {
        await prisma.category.create({ data: { name: 'kept', slug: 'kept' } });
        late.abort(new Error('too late'));
      }),
    );
    expect(await prisma.category.count()).toBe(1);
  });

  it.each(['first', 'last'])(
    'leaves the query of another caller alone that Prisma has joined with it, when its own caller came %s',
    async (order) => {
      const { id } = await prisma.category.create({ data: { name: order, slug: order } });
      const [locked, enough] = [gate(), gate()];
      const holder = db.withTransaction(async () => {
        await db.query('LOCK TABLE category IN ACCESS EXCLUSIVE MODE');
        locked.open();
        await enough.opened;
      });
      await locked.opened;
      const stop = new AbortController();
      const find = async () => await prisma.category.findUnique({ where: { id } });
      const asking: Record<string, Promise<unknown>> = {};
      for (const caller of order === 'first' ? ['goes', 'stays'] : ['stays', 'goes']) {
        asking[caller] = caller === 'goes' ? cancelOnAbort(stop.signal, find) : find();
      }
      asking.goes?.catch(() => undefined);
      expect(await until(async () => (await running('"category"')) === 1, 5_000)).toBe(true);
      stop.abort(new Error('enough'));
      await expect(asking.goes).rejects.toBeInstanceOf(QueryCancelledError);
      enough.open();
      await holder;
      await expect(asking.stays).resolves.toMatchObject({ slug: order });
    },
  );

  it('lends no connection on which a request to cancel is still on its way', async () => {
    await using proxy = await CancelHoldingProxy.start(new URL(database.url));
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const behind = await startApplication({
      imports: [databaseModule({ url: url.href }, { pool: { max: 1, min: 0 } })],
    });
    try {
      const held = behind.get(Database);
      const stop = new AbortController();
      const pid = 'SELECT pg_backend_pid() AS pid';
      const before = await held.query<{ pid: number }>(pid);
      // Ends by itself while the request waits in front of the server.
      const own = cancelOnAbort(stop.signal, () => held.query("SELECT pg_sleep(0.5), 'own'"));
      expect(await until(async () => (await running("'own'")) === 1, 5_000)).toBe(true);
      stop.abort(new Error('enough'));
      await own;
      const other = held.query<{ pid: number }>("SELECT pg_backend_pid() AS pid, pg_sleep(1), 'other'");
      expect(await until(async () => (await running("'other'")) === 1, 5_000)).toBe(true);
      expect(proxy.release()).toBe(1);
      expect((await other)[0]?.pid).not.toBe(before[0]?.pid);
    } finally {
      await behind.close();
    }
  });
});

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const CANCEL_REQUEST = 80_877_102;

/** Forwards everything at once but requests to cancel, which wait until they are released: as at a busy server. */
class CancelHoldingProxy implements AsyncDisposable {
  private readonly held: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start({ hostname, port }: URL): Promise<CancelHoldingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new CancelHoldingProxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (first) => {
        const forward = () => {
          const upstream = connect(Number(port), hostname);
          upstream.on('error', () => undefined).write(first);
          socket.pipe(upstream).pipe(socket);
          socket.once('close', () => upstream.destroy());
        };
        if (first.length >= 8 && first.readInt32BE(4) === CANCEL_REQUEST) {
          proxy.held.push(() => {
            connect(Number(port), hostname)
              .on('error', () => undefined)
              .end(first);
          });
        } else forward();
      });
    });
    return proxy;
  }

  /** @returns how many were waiting */
  release(): number {
    return this.held.splice(0).map((send) => {
      send();
    }).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
}
