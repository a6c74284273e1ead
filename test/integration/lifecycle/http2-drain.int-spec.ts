import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Module, Post, type INestApplication } from '@nestjs/common';
import { AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

const FILES = join(import.meta.dirname, '../../support/fixtures/tls');
/** Longer than a client that is still sending is waited for. */
const WORK_MS = 6_500;
const TIMEOUT_MS = 20_000;

let database: TestDatabase;
let arrived: () => void = () => undefined;
const sessions = new Set<ClientHttp2Session>();

@Controller()
class WorkController {
  @Get('work')
  async work(): Promise<string> {
    arrived();
    await delay(WORK_MS);
    return 'done';
  }

  @Get('quick')
  quick(): string {
    return 'quick';
  }

  @Get('endless')
  async endless(): Promise<void> {
    arrived();
    await new Promise(() => undefined);
  }

  @Post('body')
  body(): string {
    return 'received';
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => {
  for (const session of sessions) session.destroy();
  sessions.clear();
});
afterAll(async () => {
  await database.drop();
});

interface Scene {
  readonly application: INestApplication;
  readonly port: number;
}

type Transport = 'cleartext' | 'TLS';

async function listen(
  transport: Transport,
  shutdown: { drainMs: number; timeoutMs: number } = { drainMs: 0, timeoutMs: TIMEOUT_MS },
): Promise<Scene> {
  @Module({ imports: [databaseModule(database, { shutdown })], controllers: [WorkController] })
  class Http2Module {}

  const [key, cert] = await Promise.all([
    readFile(join(FILES, 'server.key')),
    readFile(join(FILES, 'server.pem')),
  ]);
  const adapter =
    transport === 'TLS'
      ? new FastifyAdapter({ http2: true, https: { key, cert, allowHTTP1: true } })
      : new FastifyAdapter({ http2: true });
  const application = await NestFactory.create(Http2Module, adapter as unknown as AbstractHttpAdapter, {
    logger: false,
    abortOnError: false,
  });
  await application.listen(0, '127.0.0.1');
  const { port } = (application.getHttpServer() as { address(): AddressInfo }).address();
  return { application, port };
}

async function open(transport: Transport, port: number): Promise<ClientHttp2Session> {
  const session = connect(`${transport === 'TLS' ? 'https' : 'http'}://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
  });
  sessions.add(session);
  session.on('error', () => undefined);
  await once(session, 'connect');
  return session;
}

async function answerTo(stream: ClientHttp2Stream): Promise<string> {
  let body = '';
  stream.setEncoding('utf8').on('data', (text: string) => (body += text));
  await once(stream, 'close');
  return stream.rstCode === constants.NGHTTP2_NO_ERROR ? body : `reset ${stream.rstCode}`;
}

function ask(session: ClientHttp2Session, path: string): Promise<string> {
  return answerTo(session.request({ ':path': path }));
}

async function measured(work: Promise<void>): Promise<number> {
  const started = performance.now();
  await work;
  return performance.now() - started;
}

// Naive: before Node 24 `server.close()` tells the sessions nothing, and waits for as long as their clients like.
describe.each<Transport>(['cleartext', 'TLS'])('the end of an HTTP/2 server (%s)', (transport) => {
  it('tells sessions that are idle to go, and does not wait for them', async () => {
    const { application, port } = await listen(transport);
    const session = await open(transport, port);
    expect(await ask(session, '/quick')).toBe('quick');
    const told = once(session, 'goaway');
    expect(await measured(application.close())).toBeLessThan(2_000);
    expect((await told)[0]).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it('does not wait for a session that has asked for nothing', async () => {
    const { application, port } = await listen(transport);
    await open(transport, port);
    expect(await measured(application.close())).toBeLessThan(2_000);
  });

  it('destroys at the deadline what is still busy', async () => {
    const { application, port } = await listen(transport, { drainMs: 0, timeoutMs: 2_000 });
    const session = await open(transport, port);
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const stream = session.request({ ':path': '/endless' });
    stream.on('error', () => undefined);
    const gone = once(session, 'close');
    await hasArrived;
    expect(await measured(application.close())).toBeLessThan(3_000);
    await gone;
  });
});

describe('a stream of HTTP/2 at the end of its server', () => {
  it('is answered when it was in flight, however long it takes, and none follows it on its session', async () => {
    const { application, port } = await listen('cleartext');
    const session = await open('cleartext', port);
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const answer = ask(session, '/work');
    await hasArrived;
    const told = once(session, 'goaway');
    const closed = application.close();
    await told;
    expect(() => session.request({ ':path': '/quick' })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP2_GOAWAY_SESSION' }),
    );
    expect(await answer).toBe('done');
    await closed;
  });

  it('is cancelled when its client does not finish its request', async () => {
    const { application, port } = await listen('cleartext');
    const session = await open('cleartext', port);
    const stream = session.request({
      ':path': '/body',
      ':method': 'POST',
      'content-type': 'application/json',
    });
    stream.on('error', () => undefined);
    stream.write('{');
    const server = application.getHttpServer() as {
      getConnections(cb: (e: unknown, n: number) => void): void;
    };
    expect(
      await until(
        () =>
          new Promise((resolve) =>
            server.getConnections((_e, n) => {
              resolve(n === 1);
            }),
          ),
        2_000,
      ),
    ).toBe(true);
    await new Promise<void>((resolve) =>
      session.ping(() => {
        resolve();
      }),
    );
    const answer = answerTo(stream).catch(() => 'failed');
    const tookMs = await measured(application.close());
    expect(tookMs).toBeGreaterThan(4_000);
    expect(tookMs).toBeLessThan(8_000);
    expect(await answer).not.toBe('received');
  });
});

describe('a server of HTTP/2 that speaks HTTP/1 as well', () => {
  it('answers the request in flight of either, and asks both clients to connect anew', async () => {
    const { application, port } = await listen('TLS');
    const session = await open('TLS', port);
    let count = 0;
    const bothArrived = new Promise<void>((resolve) => {
      arrived = () => {
        if (++count === 2) resolve();
      };
    });
    const http2 = ask(session, '/work');
    const http1 = new Promise<unknown>((resolve, reject) => {
      get({ host: '127.0.0.1', port, path: '/work', rejectUnauthorized: false }, (response) => {
        response.resume();
        response.once('end', () => {
          resolve([response.httpVersion, response.statusCode, response.headers.connection]);
        });
      }).once('error', reject);
    });
    await bothArrived;
    await application.close();
    expect(await http2).toBe('done');
    expect(await http1).toEqual(['1.1', 200, 'close']);
  });
});
