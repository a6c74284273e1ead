import { channel } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import { PrismaService, RequestContext, RequestContextModule } from '../../../libs/database/src/index.js';
import { POOL_CHANNELS } from '../../../libs/database/src/postgres/pool.events.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

jest.setTimeout(30_000);

let database: TestDatabase;
const lines: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  Logger.overrideLogger(false);
  await database.drop();
});

async function start(logging: object) {
  const application = await startApplication({
    imports: [RequestContextModule, databaseModule(database, { logging })],
  });
  const write = (message: unknown) => void lines.push(String(message));
  const logger: LoggerService = { log: write, debug: write, warn: write, error: write };
  // After the start, which has switched the log off.
  Logger.overrideLogger(logger);
  lines.length = 0;
  return application;
}

describe('the query log of an application', () => {
  // Naive (Prisma's `log: ['query']`): the values stand in the log, and nothing says whose request it was.
  it('writes the queries of Prisma with the id of their request and without their values', async () => {
    const application = await start({ mode: 'development' });
    const prisma = application.get(PrismaService);
    const find = () =>
      prisma.customer.findMany({ where: { email: 'sentinel@example.com' } }).then(() => undefined);
    await application.get(RequestContext).run(async () => await find(), 'request-7');
    const query = lines.find((line) => line.includes('customer'));
    expect(query).toMatch(/^Query \d.* ms request=request-7 .*SELECT .*\[text\(20\)/);
    expect(lines.join('\n')).not.toContain('sentinel');
    await application.close();
    expect(channel(POOL_CHANNELS.query).hasSubscribers).toBe(false);
  });

  it('keeps two applications in one process apart', async () => {
    const quiet = await start({ mode: 'off' });
    const loud = await start({ mode: 'development' });
    await quiet.get(PrismaService).$queryRaw`SELECT 1 AS quiet`;
    await loud.get(PrismaService).$queryRaw`SELECT 1 AS loud`;
    expect(lines.filter((line) => / AS (quiet|loud)/.test(line))).toEqual([
      expect.stringContaining('AS loud'),
    ]);
    await loud.close();
    await quiet.close();
  });

  it('names a slow query by its shape in production, and a failed one by its code', async () => {
    const application = await start({ mode: 'production', slowQueryMs: 50 });
    const prisma = application.get(PrismaService);
    await prisma.$queryRawUnsafe(`SELECT 'sentinel', pg_sleep(0.1)::text`);
    await expect(prisma.$queryRawUnsafe(`SELECT 'sentinel'::int`)).rejects.toThrow();
    expect(lines).toEqual([
      expect.stringMatching(/^Slow query \d.* ms fingerprint=[\da-f]{12} SELECT \?, pg_sleep\(\?\)::text$/),
      expect.stringMatching(/^Query failed \(22P02\) .* fingerprint=[\da-f]{12} SELECT \?::int$/),
    ]);
    await application.close();
  });
});
