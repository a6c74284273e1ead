import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Inject, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DatabaseHealthIndicator, DatabaseHealthModule } from '../../../libs/database/src/health/index.js';
import { POOL_CHANNELS } from '../../../libs/database/src/postgres/pool.events.js';
import { PrismaService } from '../../../libs/database/src/index.js';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

jest.setTimeout(30_000);

const WAVES = 5;
/** In one moment; scrapers send as many in a second. */
const SCRAPES = 100;
const POOL_MAX = 2;

@Controller()
class Routes {
  constructor(
    @Inject(DatabaseHealthIndicator) private readonly indicator: DatabaseHealthIndicator,
    @Inject(PrismaService) private readonly prisma: PrismaService,
  ) {}

  @Get('health')
  health(): Promise<object> {
    return this.indicator.pingCheck('database');
  }

  @Get('naive')
  async naive(): Promise<object> {
    await this.prisma.$queryRaw`SELECT pg_sleep(0.01)`;
    return {};
  }
}

let database: TestDatabase;
let application: INestApplication;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  application = await NestFactory.create(
    {
      module: class ScrapedModule {},
      imports: [databaseModule(database, { pool: { max: POOL_MAX, min: 0 } }), DatabaseHealthModule],
      controllers: [Routes],
    },
    { logger: false, abortOnError: false },
  );
  await application.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(application.getHttpServer().address() as AddressInfo).port}`;
});
afterAll(async () => {
  await application.close();
  await database.drop();
});

const scrape = async (path: string): Promise<number> => {
  const response = await fetch(`${url}/${path}`, { headers: { Connection: 'close' } });
  await response.text();
  return response.status;
};

describe('a flood of scrapes of /health', () => {
  it('row 104: is answered over one connection beside the pool, of which it borrows nothing; a ping through the pool fills it', async () => {
    const idle = await database.countConnections();
    const statuses = new Set<number>();
    let borrowed = 0;
    const onBorrowed = () => (borrowed += 1);
    subscribe(POOL_CHANNELS.acquire, onBorrowed);
    try {
      for (let wave = 0; wave < WAVES; wave += 1) {
        const flood = Array.from({ length: SCRAPES }, () => scrape('health'));
        for (const status of await Promise.all(flood)) statuses.add(status);
      }
    } finally {
      unsubscribe(POOL_CHANNELS.acquire, onBorrowed);
    }
    expect([...statuses]).toEqual([200]);
    expect(borrowed).toBe(0);
    // The pool's one from the start, if any, and the probe's.
    expect(await database.countConnections()).toBeLessThanOrEqual(idle + 1);

    const naive = Array.from({ length: SCRAPES }, () => scrape('naive'));
    await Promise.all(naive);
    expect(await database.countConnections()).toBe(1 + POOL_MAX);
  });
});
