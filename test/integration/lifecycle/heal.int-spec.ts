import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelOnAbort, DatabaseState, PrismaService } from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('a database that goes away while the application runs', () => {
  it('makes the state degraded at the first connection that fails, and ready again by itself', async () => {
    await using proxy = await FaultProxy.start({ upstream: database.url });
    const application = await startApplication({
      imports: [databaseModule({ url: proxy.url }, { pool: { min: 1, max: 2 } })],
    });
    try {
      const state = application.get(DatabaseState);
      const prisma = application.get(PrismaService);
      expect(state.status).toBe('ready');

      proxy.refuse();
      proxy.cut('rst');
      await until(async () => {
        await prisma.category.count().catch(() => undefined);
        return state.status === 'degraded';
      }, 5_000);
      expect(state.status).toBe('degraded');
      expect(state.reason).toMatch(/not reachable/);

      await proxy.accept();
      expect(await until(() => state.status === 'ready', 5_000)).toBe(true);
      expect(await prisma.category.count()).toBe(0);
    } finally {
      await application.close();
    }
  });

  it('heals although the request that met the outage has given up since', async () => {
    await using proxy = await FaultProxy.start({ upstream: database.url });
    const application = await startApplication({
      imports: [databaseModule({ url: proxy.url }, { pool: { min: 0, max: 1 } })],
    });
    try {
      const state = application.get(DatabaseState);
      const prisma = application.get(PrismaService);
      proxy.refuse();
      proxy.cut('rst');
      const request = new AbortController();
      const counted = () => cancelOnAbort(request.signal, () => prisma.category.count());
      await until(async () => {
        await counted().catch(() => undefined);
        return state.status === 'degraded';
      }, 5_000);
      request.abort();
      await proxy.accept();
      expect(await until(() => state.status === 'ready', 5_000)).toBe(true);
    } finally {
      await application.close();
    }
  });
});
