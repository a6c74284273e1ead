import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Inject,
  Injectable,
  Module,
  Optional,
  type INestApplicationContext,
  type ModuleMetadata,
} from '@nestjs/common';
import { inspect } from 'node:util';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  AuthenticationError,
  DatabaseModule,
  InvalidOptionsError,
  NotConfiguredError,
  PrismaService,
  RedisService,
  RepositoryFor,
  SchemaError,
  TransactionManager,
  UnavailableError,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, withDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class CategoryRepository extends RepositoryFor('category') {}

let database: TestDatabase;
const open: INestApplicationContext[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const application of open.splice(0)) await application.close();
});
afterAll(async () => {
  await database.drop();
});

async function start(metadata: ModuleMetadata): Promise<INestApplicationContext> {
  const application = await startApplication(metadata);
  open.push(application);
  return application;
}

describe('DatabaseModule', () => {
  it('gives services and repositories to every module after one forRoot', async () => {
    const application = await start({
      imports: [databaseModule(database), DatabaseModule.forFeature([CategoryRepository])],
    });
    await application.get(PrismaService).$queryRaw`SELECT 1`;
    expect(await application.get(CategoryRepository).count()).toBe(0);
    expect(application.get(TransactionManager).isActive()).toBe(false);
  });

  it('takes its options from a factory with injected providers', async () => {
    @Module({ providers: [{ provide: 'URL', useFactory: () => database.url }], exports: ['URL'] })
    class ConfigurationModule {}
    const application = await start({
      imports: [
        DatabaseModule.forRootAsync({
          imports: [ConfigurationModule],
          inject: ['URL'],
          useFactory: (url: string) => ({ client: PrismaClient, url, redis: false }),
        }),
      ],
    });
    expect(application.get(PrismaService).isConnected()).toBe(true);
  });

  it('takes its options from a class', async () => {
    class Configuration {
      createDatabaseOptions() {
        return { client: PrismaClient, url: database.url, redis: false as const };
      }
    }
    const application = await start({ imports: [DatabaseModule.forRootAsync({ useClass: Configuration })] });
    expect(application.get(PrismaService).isConnected()).toBe(true);
  });

  it('reads DATABASE_URL from the environment it is given', async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: '' };
    const application = await start({ imports: [DatabaseModule.forRoot({ client: PrismaClient, env })] });
    expect(application.get(PrismaService).isConnected()).toBe(true);
  });

  it('closes every connection at shutdown, and closing twice does no harm', async () => {
    const application = await startApplication({ imports: [databaseModule(database)] });
    await Promise.all(
      Array.from({ length: 5 }, () => application.get(PrismaService).$executeRaw`SELECT pg_sleep(0.01)`),
    );
    expect(await database.countConnections()).toBeGreaterThan(0);
    await application.close();
    await application.close();
    expect(await database.countConnections()).toBe(0);
  });

  it('works beside a second application in the same process, each with its own pool', async () => {
    const first = await start({ imports: [databaseModule(database)] });
    const second = await start({ imports: [databaseModule(database, { applicationName: 'second' })] });
    await first.close();
    await expect(second.get(PrismaService).category.count()).resolves.toBe(0);
  });

  it('lets an extended client keep its extension through injection', async () => {
    const application = await start({
      imports: [
        databaseModule(database, {
          extend: (client: PrismaClient) =>
            client.$extends({ client: { $shout: (text: string) => text.toUpperCase() } }),
        }),
      ],
    });
    const extended = application.get<{ $shout(text: string): string }>(PrismaService);
    expect(extended.$shout('loud')).toBe('LOUD');
  });

  it('speaks UTC to the server, so that instants keep their value', async () => {
    const application = await start({ imports: [databaseModule(database)] });
    const [row] = await application.get(PrismaService).$queryRaw<{ TimeZone: string }[]>`SHOW TimeZone`;
    expect(row).toEqual({ TimeZone: 'UTC' });
  });
});

describe('DatabaseModule with wrong options', () => {
  it('lists every problem in one error at once, before anything is started', () => {
    const wrong = {
      client: undefined,
      url: 'mysql://me:hunter2@host/db',
      pool: { max: 0 },
      redis: {},
      colour: 1,
      env: false,
    };
    const register = () => DatabaseModule.forRoot(wrong as never);
    expect(register).toThrow(InvalidOptionsError);
    try {
      register();
    } catch (error) {
      const { violations } = error as InvalidOptionsError;
      expect(violations.map(({ path }) => path).sort()).toEqual([
        'client',
        'colour',
        'pool.max',
        'redis.url',
        'url',
      ]);
      expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
    }
  });

  it('names DATABASE_URL when it is the variable that is broken', () => {
    const register = () =>
      DatabaseModule.forRoot({ client: PrismaClient, env: { DATABASE_URL: 'nonsense' } });
    expect(register).toThrow(/`DATABASE_URL` is not a URL/);
  });

  it('refuses forRootAsync without a source of options', () => {
    expect(() => DatabaseModule.forRootAsync({})).toThrow(/`useFactory` is missing/);
  });

  it('explains a repository that a circular import has left undefined', () => {
    expect(() => DatabaseModule.forFeature([undefined as never])).toThrow(/two files import each other/);
  });
});

describe('DatabaseModule whose start fails', () => {
  it.each([
    ['a dead port', () => 'postgresql://u:hunter2@127.0.0.1:1/d', UnavailableError],
    ['a wrong password', () => database.url.replace(/:[^:@]*@/, ':hunter2@'), AuthenticationError],
    ['a missing database', () => withDatabase(database.url, 'no_such_database'), SchemaError],
  ])('says what is wrong for %s, typed and without the password', async (_case, url, type) => {
    const failure = await startApplication({ imports: [databaseModule({ url: url() })] }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(type);
    expect(inspect(failure, { depth: 9 })).not.toContain('hunter2');
  });

  it('leaves no connection behind when Redis cannot be reached', async () => {
    const failing = startApplication({
      imports: [databaseModule(database, { redis: { url: 'redis://127.0.0.1:1' } })],
    });
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE', target: { kind: 'redis' } });
    expect(await database.countConnections()).toBe(0);
  });

  it('names the class that injects Redis although it is switched off', async () => {
    @Injectable()
    class CartService {
      constructor(@Inject(RedisService) readonly redis: RedisService) {}
    }
    const failing = startApplication({ imports: [databaseModule(database)], providers: [CartService] });
    await expect(failing).rejects.toThrow(NotConfiguredError);
    await expect(failing).rejects.toThrow(/`RedisService` is injected by `CartService`.*`redis: \{ url \}`/);
    expect(await database.countConnections()).toBe(0);
  });

  it('gives nothing to a class that marks Redis as optional', async () => {
    @Injectable()
    class CartService {
      constructor(@Optional() @Inject(RedisService) readonly redis?: RedisService) {}
    }
    const application = await start({ imports: [databaseModule(database)], providers: [CartService] });
    expect(application.get(CartService).redis).toBeUndefined();
  });
});
