// One start for `bench/boot.mjs`; prints what it took. The Prisma runtime and the generated client are loaded before the
// clock starts where they are compared: an application has them with or without the library.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const [contestant] = process.argv.slice(2);
class Application {}
Module({})(Application);

const url = 'postgresql://nobody:nothing@127.0.0.1:1/none';
const { PrismaClient } = await import('../../apps/shop/dist/generated/prisma/client.js');
const { PrismaPg } = await import('@prisma/adapter-pg');
const { Redis } = await import('ioredis');
void Redis;

globalThis.gc();
const before = process.memoryUsage().rss;
const loading = performance.now();
const library = contestant === 'database' ? await import('nestjs-database') : undefined;
const started = performance.now();
const imports = [];
let kept;
if (contestant === 'prisma') kept = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
if (library !== undefined) {
  imports.push(
    library.DatabaseModule.forRoot({
      client: PrismaClient,
      url,
      env: false,
      redis: false,
      startup: { mode: 'lazy' },
    }),
  );
}
const application = await NestFactory.createApplicationContext(
  { module: Application, imports },
  { logger: false },
);
const ms = performance.now() - started;
globalThis.gc();
const megabytes = (process.memoryUsage().rss - before) / 1_048_576;
await application.close();
console.log(JSON.stringify({ ms, importMs: started - loading, megabytes, kept: kept !== undefined }));
