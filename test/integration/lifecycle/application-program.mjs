// A Nest application as a process of its own, from the built library.
//   node application-program.mjs '{"platform":"express","http":true,"options":{…}}'
// Writes one JSON object per line: `listening`, every `accepted` request at the end, `closed`, `failed`.
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { DatabaseModule, DatabaseState, PrismaService } from '../../../libs/database/dist/index.js';
import { PrismaClient } from '../../../apps/shop/dist/generated/prisma/client.js';

const {
  platform = 'express',
  http = true,
  ownHandler = false,
  throwIn,
  options,
} = JSON.parse(process.argv[2]);
const write = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

class Application {}
/** Another module's hook, which nobody can keep from throwing. */
class Careless {}
if (throwIn !== undefined) {
  Careless.prototype[throwIn] = () => {
    throw new Error(`${throwIn} failed`);
  };
}
const root = {
  module: Application,
  providers: [{ provide: Careless, useValue: new Careless() }],
  imports: [DatabaseModule.forRoot({ client: PrismaClient, redis: false, env: false, ...options })],
};
const nest = { logger: ['error', 'warn'], abortOnError: false };

async function adapter() {
  if (platform !== 'fastify') return undefined;
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}

if (ownHandler) process.on('SIGTERM', () => write({ event: 'heard' }));
write({ event: 'starting' });
try {
  if (http) {
    const app = await NestFactory.create(root, ...[await adapter(), nest].filter(Boolean));
    const state = app.get(DatabaseState);
    const prisma = app.get(PrismaService);
    let accepted = 0;
    const routes = app.getHttpAdapter();
    const reply = (response, status, body) => routes.reply(response, body, status);
    routes.get('/readyz', (_request, response) =>
      reply(response, state.status === 'ready' ? 200 : 503, { status: state.status }),
    );
    routes.get('/work', async (_request, response) => {
      accepted += 1;
      try {
        const rows = await prisma.$queryRawUnsafe('SELECT 1 AS one, pg_sleep(0.01)::text');
        await delay(5);
        reply(response, 200, { one: rows[0].one });
      } catch (error) {
        reply(response, 500, { code: error.code });
      }
    });
    routes.get('/hang', async (_request, response) => {
      accepted += 1;
      try {
        await prisma.$queryRawUnsafe('SELECT pg_sleep(600)::text');
        reply(response, 200, {});
      } catch (error) {
        reply(response, 500, { code: error.code ?? error.name });
      }
    });
    state.onChange(({ status }) => write({ event: status, accepted }));
    app.enableShutdownHooks();
    await app.listen(0, '127.0.0.1');
    write({ event: 'listening', port: app.getHttpServer().address().port });
  } else {
    const app = await NestFactory.createApplicationContext(root, nest);
    app.enableShutdownHooks();
    const keepAlive = setInterval(() => undefined, 60_000);
    app.get(DatabaseState).onChange(({ status }) => {
      write({ event: status });
      if (status === 'closed') clearInterval(keepAlive);
    });
    write({ event: 'listening' });
  }
} catch (error) {
  write({ event: 'failed', code: error.code, message: error.message });
  process.exitCode = 1;
}
