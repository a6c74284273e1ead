// What the library adds to one call: PrismaService and a repository beside a bare PrismaClient, RedisService beside bare
// ioredis. All contestants take turns in short slices of one run, so that a noisy machine slows them alike; compare the
// ratios, never two runs. Then the cost of a start without I/O. What is promised is printed beside; with `--check` the
// run fails where a figure is above it by more than the noise. `npm run bench -- overhead [rounds] [--check]`; needs what
// `npm run build` makes.
import 'reflect-metadata';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrismaPg } from '@prisma/adapter-pg';
import { Redis } from 'ioredis';
import { DatabaseModule, PrismaService, RedisService, RepositoryFor } from 'nestjs-database';
import { startEmbeddedPostgres, startEmbeddedRedis } from 'nestjs-database/embedded';
import { compete, printTimes, ratioWithin } from './support/contest.mjs';
import { readArguments, Verdict } from './support/verdict.mjs';
import { PrismaClient } from '../apps/shop/dist/generated/prisma/client.js';

const { rounds: ROUNDS, check } = readArguments(30);
/** Of the median time of a call, to the bare client's. */
const PROMISED_RATIO = 1.05;
/** By how much the median of one run may be off on a machine that does other things as well. */
const NOISE = 0.05;
const CALLS_PER_SLICE = 400;
const CONCURRENCIES = [1, 32];

const CategoryRepository = class CategoryRepository extends RepositoryFor('category') {};
Injectable()(CategoryRepository);

const directory = await mkdtemp(join(tmpdir(), 'bench-overhead-'));
await chmod(directory, 0o755);
const postgres = await startEmbeddedPostgres({
  dataDir: join(directory, 'postgres'),
  settings: { fsync: 'off' },
});
const redisServer = await startEmbeddedRedis({ dataDir: join(directory, 'redis') });

class BenchModule {}
const application = await NestFactory.createApplicationContext(
  {
    module: BenchModule,
    imports: [
      DatabaseModule.forRoot({
        client: PrismaClient,
        url: postgres.url,
        redis: redisServer === null ? false : { url: redisServer.url },
        migrations: { autoDeploy: true },
        pool: { max: 10 },
        // As in production: the development log prints every statement, which nobody compares with silence.
        logging: { mode: 'production' },
      }),
      DatabaseModule.forFeature([CategoryRepository]),
    ],
  },
  { logger: false },
);
const service = application.get(PrismaService);
const repository = application.get(CategoryRepository);
const bare = new PrismaClient({ adapter: new PrismaPg({ connectionString: postgres.url, max: 10 }) });
const { id } = await service.category.create({ data: { name: 'Books', slug: 'books' } });

const contests = [
  {
    title: 'findUnique by id',
    baseline: 'bare PrismaClient',
    contestants: {
      'bare PrismaClient': () => bare.category.findUnique({ where: { id } }),
      PrismaService: () => service.category.findUnique({ where: { id } }),
      'repository.findById': () => repository.findById(id),
    },
  },
  {
    title: 'findMany of one record',
    baseline: 'bare PrismaClient',
    contestants: {
      'bare PrismaClient': () => bare.category.findMany({ where: { slug: 'books' }, take: 10 }),
      'repository.findMany': () => repository.findMany({ where: { slug: 'books' }, take: 10 }),
    },
  },
];
let bareRedis;
if (redisServer !== null) {
  bareRedis = new Redis(redisServer.url);
  const wrapped = application.get(RedisService);
  await wrapped.set('key', 'value');
  contests.push({
    title: 'GET',
    baseline: 'bare ioredis',
    contestants: { 'bare ioredis': () => bareRedis.get('key'), RedisService: () => wrapped.get('key') },
  });
}

const verdict = new Verdict(check);
for (const { title, baseline, contestants } of contests) {
  for (const concurrency of CONCURRENCIES) {
    const times = await compete(contestants, {
      rounds: ROUNDS,
      callsPerSlice: CALLS_PER_SLICE,
      concurrency,
    });
    console.log(
      `\n${title}, concurrency ${concurrency}, ${ROUNDS} rounds of ${CALLS_PER_SLICE} calls; median, and median of the ratios within a round`,
    );
    printTimes(times, baseline);
    for (const [name, { wall }] of Object.entries(times)) {
      if (name === baseline) continue;
      const ratio = ratioWithin(wall, times[baseline].wall);
      verdict.note(`${name}, concurrency ${concurrency}`, ratio, PROMISED_RATIO, NOISE);
    }
  }
}
verdict.end();

await import('./boot.mjs');

await bare.$disconnect();
await bareRedis?.quit();
await application.close();
await redisServer?.stop();
await postgres.stop();
await rm(directory, { recursive: true, force: true });
