import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Injectable, type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  Database,
  DatabaseModule,
  getOutboxAdminToken,
  getOutboxToken,
  getSagaServiceToken,
  getTransactionManagerToken,
  InjectDatabase,
  InjectOutbox,
  InjectSagaService,
  NotConfiguredError,
  Outbox,
  OutboxHandler,
  postgresSagaEngine,
  Saga,
  saga,
  SagaService,
  type DatabaseModuleOptions,
  type OutboxMessage,
  type SagaEvent,
} from '../../../libs/database/src/index.js';
import '../../support/billing-connection.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

jest.setTimeout(30_000);

@Saga('refill', { version: 1 })
class RefillSaga {
  constructor(private readonly db: Database) {}
  readonly steps = saga<string>()
    .tx('write', { run: ({ input }) => write(this.db, input) })
    .result(() => 'shop');
}

@Saga('refill', { version: 1, connection: 'billing' })
class BillingSaga {
  constructor(
    @InjectDatabase('billing') private readonly db: Database,
    @InjectOutbox('billing') private readonly outbox: Outbox,
  ) {}
  readonly steps = saga<string>()
    .tx('write', {
      run: async ({ input }) => {
        await write(this.db, input);
        this.outbox.add({ topic: 'billed', payload: input });
      },
    })
    .result(() => 'billing');
}

async function write(db: Database, name: string): Promise<void> {
  await db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
}

const heard: string[] = [];
const hear = (where: string, { payload }: OutboxMessage) => {
  const { event } = Object(payload) as Partial<SagaEvent>;
  heard.push(`${where} ${event ?? String(payload)}`);
};
@Injectable()
class Listener {
  @OutboxHandler('saga')
  shop(message: OutboxMessage): void {
    hear('shop', message);
  }

  @OutboxHandler('saga', { connection: 'billing' })
  billing(message: OutboxMessage): void {
    hear('billing', message);
  }

  @OutboxHandler('billed', { connection: 'billing' })
  billed(message: OutboxMessage): void {
    hear('billed', message);
  }
}

@Injectable()
class Clerk {
  constructor(
    readonly shop: SagaService,
    @InjectSagaService('billing') readonly billing: SagaService,
  ) {}
}

const engine = (execute = true) => postgresSagaEngine({ execute, leaseMs: 1_000, pollMs: 600_000 });
const TOLD = (execute = true): Partial<DatabaseModuleOptions> => ({
  saga: { events: true, engine: engine(execute) },
  outbox: { pollMs: 600_000, deliver: execute },
});

let shop: TestDatabase;
let billing: TestDatabase;
const applications: INestApplicationContext[] = [];

beforeAll(async () => {
  [shop, billing] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});
afterEach(async () => {
  await Promise.all(applications.splice(0).map((application) => application.close()));
  heard.length = 0;
  for (const database of [shop, billing]) {
    await database.query('TRUNCATE category CASCADE');
    await database.query('DROP SCHEMA IF EXISTS nestjs_database CASCADE');
  }
});
afterAll(async () => {
  await Promise.all([shop.drop(), billing.drop()]);
});

function billingModule(
  options: Partial<DatabaseModuleOptions> = {},
  database: Pick<TestDatabase, 'url'> = billing,
): DynamicModule {
  return DatabaseModule.forRootAsync({
    name: 'billing',
    useFactory: () => ({
      client: PrismaClient,
      url: database.url,
      redis: false as const,
      env: false as const,
      ...options,
    }),
  });
}
async function start(imports: DynamicModule[], providers: Type[]): Promise<INestApplicationContext> {
  const application = await startApplication({ imports, providers });
  applications.push(application);
  return application;
}
const stored = async (database: TestDatabase) =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);

describe('sagas and the outbox of a named connection', () => {
  it('have tables, steps, events and handlers of their own, also under the same name and key', async () => {
    const application = await start(
      [databaseModule(shop, TOLD()), billingModule(TOLD())],
      [RefillSaga, BillingSaga, Listener, Clerk],
    );
    const clerk = application.get(Clerk);
    expect(application.get(getSagaServiceToken('billing'))).toBe(clerk.billing);
    expect(await clerk.shop.run(RefillSaga, { key: 'k', input: 'to the shop' })).toBe('shop');
    expect(await clerk.billing.run(BillingSaga, { key: 'k', input: 'to billing' })).toBe('billing');
    expect(await stored(shop)).toEqual(['to the shop']);
    expect(await stored(billing)).toEqual(['to billing']);
    expect(await clerk.shop.get('refill', 'k')).toMatchObject({ input: 'to the shop', state: 'completed' });
    expect(await clerk.billing.get(BillingSaga, 'k')).toMatchObject({ input: 'to billing' });
    expect(await until(() => heard.length === 7, 10_000)).toBe(true);
    const events = (where: string) => heard.filter((line) => line.startsWith(where));
    expect(events('shop')).toEqual(['shop started', 'shop step-done', 'shop completed']);
    expect(events('billing')).toEqual(['billing started', 'billing step-done', 'billing completed']);
    expect(events('billed')).toEqual(['billed to billing']);
  });

  it('begin with the transaction of their own connection, in another instance at once, and do not know another one’s', async () => {
    const [writer] = [
      await start([databaseModule(shop), billingModule(TOLD(false))], [BillingSaga]),
      await start([billingModule(TOLD())], [BillingSaga, Quiet]),
    ];
    const sagas = writer.get<SagaService>(getSagaServiceToken('billing'));
    const transactions = writer.get(getTransactionManagerToken('billing'));
    const enqueue = (key: string, fails: boolean) =>
      transactions.run(async () => {
        await sagas.enqueue(BillingSaga, { key, input: key });
        if (fails) throw new Error('no');
      });
    await enqueue('gone', true).catch(() => undefined);
    await enqueue('kept', false);
    const ended = async () => (await sagas.get('refill', 'kept'))?.state === 'completed';
    expect(await until(ended, 10_000)).toBe(true);
    expect(await sagas.get('refill', 'gone')).toBeNull();
    const aside = writer.get(getTransactionManagerToken()).run(async () => {
      expect(() =>
        writer.get<Outbox>(getOutboxToken('billing')).add({ topic: 'billed', payload: 1 }),
      ).toThrow(/transaction/);
      // That one is none of its own.
      return await sagas.run(BillingSaga, { key: 'aside', input: 'aside' });
    });
    expect(await aside).toBe('billing');
    expect(await stored(billing)).toEqual(['aside', 'kept']);
  });

  it('are looked after by the service of their connection', async () => {
    const application = await start([billingModule(TOLD(false))], [BillingSaga]);
    const sagas = application.get<SagaService>(getSagaServiceToken('billing'));
    await sagas.enqueue(BillingSaga, { key: 'waits', input: 'x' });
    expect(await sagas.cancel(BillingSaga, 'waits')).toBe(true);
    expect(await sagas.list({ name: 'refill' })).toMatchObject([{ key: 'waits', cancelRequested: true }]);
    const status = await application.get(getOutboxAdminToken('billing')).status();
    expect(status).toMatchObject({ pending: 2, topics: [{ topic: 'saga' }] });
  });
});

@Injectable()
class Quiet {
  @OutboxHandler('saga', { connection: 'billing' })
  @OutboxHandler('billed', { connection: 'billing' })
  hear(): void {
    // Nobody listens.
  }
}

describe('a named connection is refused at the start', () => {
  it('for a saga, or a handler, of a connection that nobody has registered', async () => {
    @Saga('stray', { version: 1, connection: 'billing' })
    class StraySaga {
      readonly steps = saga<null>()
        .tx('a', { run: () => 1 })
        .result(() => 1);
    }
    await expect(start([databaseModule(shop, TOLD())], [StraySaga])).rejects.toThrow(
      /@Saga[^]*StraySaga[^]*"billing", which no DatabaseModule[^]*Known are: default/,
    );
    await expect(start([databaseModule(shop, TOLD())], [Listener])).rejects.toThrow(
      /@OutboxHandler[^]*Listener\.bill[^]*"billing", which no DatabaseModule/,
    );
    @Saga('homeless', { version: 1 })
    class HomelessSaga extends StraySaga {}
    await expect(start([billingModule(TOLD())], [HomelessSaga])).rejects.toThrow(
      /HomelessSaga[^]*"default", which no DatabaseModule[^]*Known are: billing/,
    );
  });

  it('for a saga, a handler, an injected service or events without the option of that connection', async () => {
    const modules = () => [databaseModule(shop, TOLD()), billingModule()];
    await expect(start(modules(), [BillingSaga])).rejects.toThrow(NotConfiguredError);
    await expect(start(modules(), [Clerk, RefillSaga])).rejects.toThrow(/billing:SagaService[^]*Clerk/);
    await expect(start(modules(), [Quiet])).rejects.toThrow(/outbox of the connection "billing"/);
    const told = [databaseModule(shop, TOLD()), billingModule({ saga: { events: true } })];
    await expect(start(told, [])).rejects.toThrow(/connection "billing"[^]*saga\.events[^]*outbox: \{\}/);
  });

  it('for tables that another connection of the application works on already', async () => {
    const twice = (first: Partial<DatabaseModuleOptions>, second: Partial<DatabaseModuleOptions>) =>
      start([databaseModule(shop, first), billingModule(second, shop)], []);
    await expect(twice({ outbox: {} }, { outbox: {} })).rejects.toThrow(/`outbox` works on the same tables/);
    await expect(twice({ saga: {} }, { saga: {} })).rejects.toThrow(/`saga` works on the same tables/);
    expect(await shop.countConnections()).toBe(0);
    await twice(TOLD(), { outbox: { deliver: false } });
    await twice({}, { ...TOLD(), librarySchema: 'nestjs_billing' });
    await shop.query('DROP SCHEMA nestjs_billing CASCADE');
  });

  it('for a saga that is given to the service of another connection', async () => {
    const application = await start(
      [databaseModule(shop, TOLD()), billingModule(TOLD())],
      [RefillSaga, BillingSaga, Listener],
    );
    const running = application.get(SagaService).run(BillingSaga, { key: 'k', input: 'x' });
    await expect(running).rejects.toThrow(/BillingSaga[^]*no saga of this connection/);
  });
});
