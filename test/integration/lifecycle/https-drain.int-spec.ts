import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

const FILES = join(import.meta.dirname, '../../support/fixtures/tls');
/** Longer than a client that is still sending is waited for. */
const WORK_MS = 6_500;

let database: TestDatabase;
let requestArrived: (() => void) | undefined;

@Controller()
class WorkController {
  @Get('work')
  async work(): Promise<string> {
    requestArrived?.();
    await delay(WORK_MS);
    return 'done';
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

async function listen(): Promise<{ application: INestApplication; port: number }> {
  @Module({
    imports: [databaseModule(database, { shutdown: { drainMs: 0, timeoutMs: 20_000 } })],
    controllers: [WorkController],
  })
  class HttpsModule {}

  const [key, cert] = await Promise.all([
    readFile(join(FILES, 'server.key')),
    readFile(join(FILES, 'server.pem')),
  ]);
  const application = await NestFactory.create(HttpsModule, {
    logger: false,
    abortOnError: false,
    httpsOptions: { key, cert },
  });
  await application.listen(0, '127.0.0.1');
  const { port } = (application.getHttpServer() as { address(): AddressInfo }).address();
  return { application, port };
}

function ask(port: number): Promise<{ connection: string | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/work', rejectUnauthorized: false };
    const sent = get(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ connection: response.headers.connection, body });
      });
    });
    sent.once('error', reject);
  });
}

describe('the end of an HTTPS server', () => {
  // Naive: requests know the encrypted socket, 'connection' gives the one below it.
  it('answers a request that takes longer than clients that are still sending are given', async () => {
    const { application, port } = await listen();
    const arrived = new Promise<void>((resolve) => (requestArrived = resolve));
    const answer = ask(port).catch((error: unknown) => error);
    await arrived;
    await application.close();
    expect(await answer).toEqual({ connection: 'close', body: 'done' });
  });

  it.each([
    ['have sent nothing', Buffer.alloc(0), 2_000],
    ['have stopped in the middle of the handshake', Buffer.from([0x16, 0x03, 0x01, 0x02]), 8_000],
  ])('does not wait for connections that %s', async (_what, bytes, limitMs) => {
    const { application, port } = await listen();
    const accepted = once(application.getHttpServer() as Server, 'connection');
    const silent = connect(port, '127.0.0.1');
    silent.on('error', () => undefined);
    if (bytes.length > 0) silent.write(bytes);
    const [peer] = (await accepted) as [Socket];
    await until(() => peer.bytesRead === bytes.length, 2_000);
    const started = performance.now();
    await application.close();
    silent.destroy();
    expect(performance.now() - started).toBeLessThan(limitMs);
  });
});
