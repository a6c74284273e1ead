import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  DatabaseModule,
  DatabaseState,
  getDatabaseStateToken,
  getPrismaToken,
  getRedisToken,
  getRepositoryToken,
  getTransactionManagerToken,
  InjectPrisma,
  InjectTransactionManager,
  InvalidOptionsError,
  PrismaService,
  RedisService,
  RepositoryFor,
  type DatabaseModuleOptions,
  type PrismaServiceOf,
  type TransactionManager,
} from '../../../libs/database/src/index.js';
import { extendBilling } from '../../support/billing-connection.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { describeWithRedis, redisUrl } from '../../support/test-redis.js';
import { until } from '../../support/until.js';

class CategoryRepository extends RepositoryFor('category') {}
class BillingCategoryRepository extends RepositoryFor('category', { connection: 'billing' }) {}

@Injectable()
class BillingService {
  constructor(
    @InjectPrisma('billing') readonly prisma: PrismaServiceOf<'billing'>,
    @InjectTransactionManager('billing') readonly transactions: TransactionManager,
    @Inject(PrismaService) readonly shop: PrismaService,
  ) {}
}

let shop: TestDatabase;
let billing: TestDatabase;
let application: INestApplicationContext | undefined;

beforeAll(async () => {
  [shop, billing] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});
afterEach(async () => {
  await application?.close();
  application = undefined;
  await billing.query('TRUNCATE category CASCADE').catch(() => undefined);
});
afterAll(async () => {
  await Promise.all([shop.drop(), billing.drop()]);
});

function billingModule(options: Partial<DatabaseModuleOptions> = {}): DynamicModule {
  return DatabaseModule.forRootAsync({
    name: 'billing',
    useFactory: () => ({
      client: PrismaClient,
      extend: extendBilling,
      url: billing.url,
      env: false as const,
      applicationName: 'billing',
      ...options,
    }),
  });
}

describe('named connections', () => {
  it('are injected by name, each with its own database, pool, transactions and state', async () => {
    application = await startApplication({
      imports: [databaseModule(shop), billingModule()],
      providers: [BillingService],
    });
    const service = application.get(BillingService);
    const data = { name: 'Books', slug: 'books' };
    await service.transactions.run(async () => {
      await service.prisma.category.create({ data });
      // Another connection is outside of the transaction.
      await expect(service.shop.category.count()).resolves.toBe(0);
    });
    expect(await service.prisma.category.count()).toBe(1);
    expect(await service.shop.category.count()).toBe(0);
    expect(service.prisma.$shout('paid')).toBe('PAID');
    expect(application.get(getTransactionManagerToken('billing'))).toBe(service.transactions);

    await service.prisma.disconnect();
    expect(application.get<DatabaseState>(getDatabaseStateToken('billing')).status).toBe('closed');
    expect(application.get(DatabaseState)).toMatchObject({ connection: 'default', status: 'ready' });
    await expect(service.shop.category.count()).resolves.toBe(0);
  });

  it('have repositories of their own, bound by RepositoryFor or by forFeature', async () => {
    application = await startApplication({
      imports: [
        databaseModule(shop),
        billingModule(),
        DatabaseModule.forFeature([CategoryRepository]),
        DatabaseModule.forFeature([BillingCategoryRepository]),
        DatabaseModule.forFeature([CategoryRepository], 'billing'),
      ],
    });
    await application.get(BillingCategoryRepository).create({ data: { name: 'Fees', slug: 'fees' } });
    const bound = application.get<CategoryRepository>(getRepositoryToken(CategoryRepository, 'billing'));
    expect(bound).toBeInstanceOf(CategoryRepository);
    expect(await bound.findMany({ select: { slug: true } })).toEqual([{ slug: 'fees' }]);
    expect(await application.get(CategoryRepository).count()).toBe(0);
  });

  it('refuse a repository that is bound to another connection', () => {
    expect(() => DatabaseModule.forFeature([BillingCategoryRepository], 'archive' as never)).toThrow(
      /BillingCategoryRepository.*"billing", not to "archive"/,
    );
  });

  it('work without a default connection', async () => {
    application = await startApplication({ imports: [billingModule()] });
    await expect(application.get<PrismaService>(getPrismaToken('billing')).category.count()).resolves.toBe(0);
  });

  it('refuse a name that is used twice, and leave nothing open', async () => {
    const failing = startApplication({
      imports: [billingModule(), billingModule({ applicationName: 'two' })],
    });
    await expect(failing).rejects.toThrow(InvalidOptionsError);
    await expect(failing).rejects.toThrow(/`name` is "billing"/);
    expect(await billing.countConnections()).toBe(0);
  });

  it.each(['', '1st', 'a b', 'a:b'])('refuse %j as a name', (name) => {
    expect(() => DatabaseModule.forRootAsync({ name, useFactory: () => ({ client: PrismaClient }) })).toThrow(
      InvalidOptionsError,
    );
  });

  it('close the others when one of them fails to start', async () => {
    const failing = startApplication({
      imports: [
        databaseModule(shop),
        billingModule({ url: 'postgresql://u:p@127.0.0.1:1/d', startup: { attempts: 1 } }),
      ],
    });
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await shop.countConnections()).toBe(0);
  });

  // Naive: what is opened after the failure is in nobody's hands, and keeps the process alive.
  it('do not open after one of them has failed to start', async () => {
    let giveUrl: ((url: string) => void) | undefined;
    const url = new Promise<string>((resolve) => (giveUrl = resolve));
    const common = { client: PrismaClient, env: false, redis: false } as const;
    const failing = startApplication({
      imports: [
        DatabaseModule.forRootAsync({
          name: 'archive',
          useFactory: () => ({
            ...common,
            url: 'postgresql://u:p@127.0.0.1:1/d',
            startup: { attempts: 1 },
          }),
        }),
        DatabaseModule.forRootAsync({
          name: 'billing',
          useFactory: async () => ({ ...common, url: await url, pool: { min: 1 } }),
        }),
      ],
    });
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    giveUrl?.(billing.url);
    expect(await until(async () => (await billing.countConnections()) > 0, 1_500)).toBe(false);
  });
});

describeWithRedis('named connections with Redis', () => {
  it('share the Redis of the default connection unless they are given their own', async () => {
    application = await startApplication({
      imports: [databaseModule(shop, { redis: { url: redisUrl() } }), billingModule()],
    });
    expect(application.get(getRedisToken('billing'))).toBe(application.get(RedisService));
    await application.close();

    application = await startApplication({
      imports: [
        databaseModule(shop, { redis: { url: redisUrl() } }),
        billingModule({ redis: { url: redisUrl() } }),
      ],
    });
    expect(application.get(getRedisToken('billing'))).not.toBe(application.get(RedisService));
  });
});
