import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
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
import { databaseModule } from '../../support/database-application.js';
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
});
