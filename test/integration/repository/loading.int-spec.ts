import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import {
  cancelOnAbort,
  DatabaseModule,
  PrismaService,
  QueryCancelledError,
  RepositoryFor,
  TransactionManager,
  TransactionScopeClosedError,
} from '../../../libs/database/src/index.js';
import { POOL_CHANNELS, type PostgresQueryEvent } from '../../../libs/database/src/postgres/pool.events.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

@Injectable()
class ProductRepository extends RepositoryFor('product') {}
@Injectable()
class CustomerRepository extends RepositoryFor('customer') {}
@Injectable()
class OrderRepository extends RepositoryFor('order') {}
@Injectable()
class OrderItemRepository extends RepositoryFor('orderItem') {}
@Injectable()
class MarkedProductRepository extends RepositoryFor('product', { softDelete: true }) {}
const REPOSITORIES = [
  ProductRepository,
  CustomerRepository,
  OrderRepository,
  OrderItemRepository,
  MarkedProductRepository,
];

let database: TestDatabase;
let application: INestApplicationContext;
let products: ProductRepository;
let customers: CustomerRepository;
let orders: OrderRepository;
let items: OrderItemRepository;
let transactions: TransactionManager;

beforeAll(async () => {
  database = await createTestDatabase();
  application = await startApplication({
    imports: [
      databaseModule(database, { pool: { max: 4, min: 0 } }),
      DatabaseModule.forFeature(REPOSITORIES),
    ],
  });
  products = application.get(ProductRepository);
  customers = application.get(CustomerRepository);
  orders = application.get(OrderRepository);
  items = application.get(OrderItemRepository);
  transactions = application.get(TransactionManager);
});
beforeEach(async () => {
  await database.query('TRUNCATE category, product, customer, customer_order RESTART IDENTITY CASCADE');
  await database.query("INSERT INTO category (name, slug) VALUES ('Tea', 'tea')");
  await database.query(`INSERT INTO product (sku, name, price_cents, weight_kg, category_id, updated_at)
    SELECT 'sku-' || n, 'Product ' || n, n, 0.125, 1, now() FROM generate_series(1, 300) n`);
  await database.query(
    "INSERT INTO customer (email, name) SELECT 'c' || n || '@example.com', 'C' || n FROM generate_series(1, 50) n",
  );
  await database.query(`INSERT INTO customer_order (customer_id, total_cents)
    SELECT 1 + n % 50, 10 FROM generate_series(1, 600) n`);
  await database.query(`INSERT INTO order_item (order_id, line_no, product_id, quantity, unit_price_cents, line_total_cents)
    SELECT o, line, 1 + o % 300, 1, 5, 5 FROM generate_series(1, 600) o, generate_series(1, 2) line`);
});
afterAll(async () => {
  await application.close();
  await database.drop();
});

/** The statements that `work` sends. */
async function statementsOf<Result>(work: () => Promise<Result>): Promise<{ sql: string[]; result: Result }> {
  const sql: string[] = [];
  const listener = (event: unknown) => {
    sql.push((event as PostgresQueryEvent).sql);
  };
  subscribe(POOL_CHANNELS.query, listener);
  try {
    const result = await work();
    return { sql, result };
  } finally {
    unsubscribe(POOL_CHANNELS.query, listener);
  }
}

const inMacrotasks = <Result>(works: (() => Promise<Result>)[]): Promise<Result[]> =>
  Promise.all(
    works.map(
      (work) =>
        new Promise<Result>((resolve, reject) => {
          setImmediate(() => {
            work().then(resolve, reject);
          });
        }),
    ),
  );

describe('Loading by key', () => {
  it.each([1, 20, 600])(
    'answers a list of %i orders with customers and items in 3 statements (a query per item would be 2 N + 1)',
    async (take) => {
      const { sql, result } = await statementsOf(async () => {
        const list = await orders.findMany({ take, orderBy: { id: 'asc' } });
        return await Promise.all(
          list.map(async (order) => {
            const [customer, lines] = await Promise.all([
              customers.load(order.customerId),
              items.loadAllBy('orderId', order.id, { orderBy: { lineNo: 'asc' } }),
            ]);
            return { order, customer, lines };
          }),
        );
      });
      expect(sql).toHaveLength(3);
      expect(result).toHaveLength(take);
      for (const { order, customer, lines } of result) {
        expect(customer?.id).toBe(order.customerId);
        expect(lines.map(({ orderId, lineNo }) => [orderId, lineNo])).toEqual([
          [order.id, 1],
          [order.id, 2],
        ]);
      }
    },
  );

  it('gives what findById gives, in the order of the ids, with duplicates and null for what does not exist', async () => {
    const ids = [7, 404, 3, 7, 1];
    const { sql, result } = await statementsOf(() => products.loadMany(ids));
    expect(sql).toHaveLength(1);
    const expected = await Promise.all(ids.map((id) => products.findById(id)));
    expect(result).toEqual(expected);
    expect(result[0]?.weightKg.constructor).toBe(expected[0]?.weightKg.constructor);
  });

  it('shares a statement between calls that arrive in macrotasks of their own, as requests do', async () => {
    const works = Array.from({ length: 32 }, (_, index) => () => products.load(index + 1));
    const { sql, result } = await statementsOf(() => inMacrotasks(works));
    expect(result.map((product) => product?.id)).toEqual(works.map((_, index) => index + 1));
    // Two are under way at once, and the rest is the next one; Prisma alone sends 32.
    expect(sql.length).toBeLessThanOrEqual(3);
  });

  it('gives callers of the same record objects of their own', async () => {
    const [one, other] = await Promise.all([
      products.load(1, { include: { category: true } }),
      products.load(1, { include: { category: true } }),
    ]);
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
    one?.createdAt.setTime(0);
    if (one !== null) one.category.name = 'changed';
    expect(other?.createdAt.getTime()).not.toBe(0);
    expect(other?.category.name).toBe('Tea');
  });

  it('follows select, include and omit, and adds nothing that was not asked for', async () => {
    expect(await Promise.all([1, 2].map((id) => products.load(id, { select: { sku: true } })))).toEqual([
      { sku: 'sku-1' },
      { sku: 'sku-2' },
    ]);
    const [first] = await Promise.all([1, 2].map((id) => products.load(id, { omit: { id: true } })));
    expect(first).toHaveProperty('sku', 'sku-1');
    expect(first).not.toHaveProperty('id');
    const lists = await Promise.all(
      [1n, 2n].map((id) =>
        items.loadAllBy('orderId', id, { select: { lineNo: true }, where: { lineNo: { gt: 1 } } }),
      ),
    );
    expect(lists).toEqual([[{ lineNo: 2 }], [{ lineNo: 2 }]]);
  });

  it('does not mix shapes', async () => {
    const { sql, result } = await statementsOf(() =>
      Promise.all([
        products.load(1),
        products.load(2, { select: { sku: true } }),
        products.load(1, { select: { sku: true } }),
      ]),
    );
    expect(sql).toHaveLength(2);
    expect(result.slice(1)).toEqual([{ sku: 'sku-2' }, { sku: 'sku-1' }]);
  });

  it('shares a statement between calls that all ask for the deleted ones as well', async () => {
    const marked = application.get(MarkedProductRepository);
    await marked.delete({ where: { id: 2 } });
    const { sql, result } = await statementsOf(() =>
      Promise.all([1, 2].map((id) => marked.withDeleted().load(id))),
    );
    expect(sql).toHaveLength(1);
    expect(result.map((product) => product?.id)).toEqual([1, 2]);
    expect(await marked.load(2)).toBeNull();
    expect((await marked.onlyDeleted().load(2))?.id).toBe(2);
  });

  it('loads by a unique field and by a compound key', async () => {
    const { sql, result } = await statementsOf(() =>
      Promise.all(
        ['c2@example.com', 'nobody', 'c1@example.com'].map((email) => customers.loadBy('email', email)),
      ),
    );
    expect(sql).toHaveLength(1);
    expect(result.map((customer) => customer?.name)).toEqual(['C2', undefined, 'C1']);
    const keys = [
      { orderId: 5n, lineNo: 2 },
      { lineNo: 1, orderId: 9n },
      { orderId: 5n, lineNo: 9 },
    ];
    const lines = await statementsOf(() =>
      Promise.all(keys.map((key) => items.load({ orderId_lineNo: key }))),
    );
    expect(lines.sql).toHaveLength(1);
    expect(lines.result.map((line) => line && [line.orderId, line.lineNo])).toEqual([[5n, 2], [9n, 1], null]);
  });

  it('refuses a value of the wrong type before anything is sent, and answers the others', async () => {
    const load = (id: unknown) => products.load(id as number);
    const { sql, result } = await statementsOf(() =>
      Promise.allSettled([
        load(1),
        load('2'),
        load({ id: { gt: 0 } }),
        load(undefined),
        load(2 ** 31),
        load(2),
      ]),
    );
    expect(sql).toHaveLength(1);
    expect(result.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    for (const each of result) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'VALIDATION' });
    }
  });

  it('keeps a value that only the server refuses from failing the callers beside it', async () => {
    const order = (status: string) =>
      orders.loadAllBy('status', status as 'PLACED', { select: { id: true } });
    const outcomes = await Promise.allSettled([order('PLACED'), order('NO_SUCH'), order('PAID')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('tells callers apart whose texts the database takes for the same', async () => {
    await database.query('CREATE EXTENSION IF NOT EXISTS citext');
    await database.query('ALTER TABLE customer ALTER COLUMN email TYPE citext');
    try {
      const found = await Promise.all(
        ['c1@example.com', 'C1@EXAMPLE.COM', 'C2@example.com', 'c3@example.com'].map((email) =>
          customers.loadBy('email', email),
        ),
      );
      expect(found.map((customer) => customer?.name)).toEqual(['C1', 'C1', 'C2', 'C3']);
    } finally {
      await database.query('ALTER TABLE customer ALTER COLUMN email TYPE text');
    }
  });

  it('sees what its own transaction has written, and nobody else does', async () => {
    const outsideOfIt = AsyncLocalStorage.snapshot();
    await transactions.run(async () => {
      await products.update({ where: { id: 1 }, data: { name: 'inside' } });
      const outside = outsideOfIt(() => products.load(1));
      const inside = Promise.all([products.load(1), products.load(2)]);
      expect((await inside).map((product) => product?.name)).toEqual(['inside', 'Product 2']);
      expect((await outside)?.name).toBe('Product 1');
    });
  });

  it('refuses what is left over when the transaction has ended', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await transactions.run(async () => {
      await products.count();
      late = products.load(1).catch((error: unknown) => error);
    });
    expect(await late).toBeInstanceOf(TransactionScopeClosedError);
  });

  it('keeps the asynchronous context of each caller, and sends a batch in that of its first one', async () => {
    const requests = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const listener = () => {
      seen.push(requests.getStore());
    };
    subscribe(POOL_CHANNELS.query, listener);
    try {
      const works = ['a', 'b', 'c'].map((name, index) =>
        requests.run(name, async () => {
          await products.load(index + 1);
          return requests.getStore();
        }),
      );
      expect(await Promise.all(works)).toEqual(['a', 'b', 'c']);
      expect(seen).toEqual(['a']);
    } finally {
      unsubscribe(POOL_CHANNELS.query, listener);
    }
  });

  it('lets a caller give up without failing those who share its statement', async () => {
    const gone = new AbortController();
    const first = cancelOnAbort(gone.signal, () => products.load(1));
    const others = Promise.all([products.load(1), products.load(2)]);
    gone.abort(new Error('gone'));
    await expect(first).rejects.toBeInstanceOf(QueryCancelledError);
    expect((await others).map((product) => product?.id)).toEqual([1, 2]);
    await expect(cancelOnAbort(gone.signal, () => products.load(1))).rejects.toMatchObject({
      code: 'QUERY_CANCELLED',
    });
  });

  it('shares a statement between callers with a signal of their own, as the requests of one tick have', async () => {
    const load = (id: number) => cancelOnAbort(new AbortController().signal, () => products.load(id));
    const { sql, result } = await statementsOf(() => Promise.all([1, 2, 3].map(load)));
    expect(sql).toHaveLength(1);
    expect(result.map((product) => product?.id)).toEqual([1, 2, 3]);
  });

  it('shares a statement between the calls that one answer leads to, however many promises are between them', async () => {
    const later = async (id: number) => {
      for (let turn = 0; turn < id; turn += 1) await Promise.resolve();
      return await products.load(id);
    };
    const { sql } = await statementsOf(async () => {
      await products.load(200);
      await Promise.all(Array.from({ length: 50 }, (_, index) => later(index + 1)));
    });
    expect(sql).toHaveLength(2);
  });

  it.each(['take', 'skip', 'cursor', 'distinct'])(
    'refuses `%s` for the records of many owners, which would be cut off together',
    async (argument) => {
      const { sql } = await statementsOf(async () => {
        await expect(items.loadAllBy('orderId', 1n, { [argument]: 1 })).rejects.toMatchObject({
          code: 'INVALID_OPTIONS',
          subject: 'orderItem.loadAllBy',
          violations: [{ path: argument }],
        });
      });
      expect(sql).toHaveLength(0);
    },
  );

  it('says of a mistake in the program that it is one, and of a value that it cannot be used', async () => {
    const refused = (work: Promise<unknown>) => expect(work).rejects;
    await refused(items.loadAllBy('nothing' as 'orderId', 1n)).toMatchObject({ code: 'INVALID_OPTIONS' });
    await refused(items.loadAllBy('orderId', null as never)).toMatchObject({ code: 'INVALID_OPTIONS' });
    await refused(items.loadAllBy('orderId', 1n, 'where' as never)).toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    await refused(products.loadMany('1' as never)).toMatchObject({ code: 'INVALID_OPTIONS' });
    await refused(items.loadAllBy('orderId', undefined as never)).toMatchObject({ code: 'VALIDATION' });
    await refused(items.loadAllBy('orderId', '1' as never)).toMatchObject({ code: 'VALIDATION' });
    await refused(products.loadMany([1, '2' as never])).toMatchObject({ code: 'VALIDATION' });
  });

  it('gives every caller an error of its own when the statement fails', async () => {
    await database.query('ALTER TABLE product RENAME TO product_gone');
    try {
      const outcomes = await Promise.allSettled([products.load(1), products.load(2), products.load(1)]);
      const reasons = outcomes.map((each) =>
        each.status === 'rejected' ? (each.reason as Error) : undefined,
      );
      expect(reasons).toEqual(reasons.map(() => expect.objectContaining({ code: 'SCHEMA' })));
      expect(new Set(reasons).size).toBe(3);
    } finally {
      await database.query('ALTER TABLE product_gone RENAME TO product');
    }
  });
});

describe('Records of many keys', () => {
  it('are told apart where the database takes several texts for the same, and each is an object of its own', async () => {
    await database.query('CREATE EXTENSION IF NOT EXISTS citext');
    await database.query('ALTER TABLE customer ALTER COLUMN email TYPE citext');
    try {
      const emails = [
        'c1@example.com',
        'C1@EXAMPLE.COM',
        'C2@example.com',
        'c404@example.com',
        'C2@example.com',
      ];
      const found = await customers.findByIds(emails.map((email) => ({ email })) as never);
      expect(found.map((customer) => customer?.name)).toEqual(['C1', 'C1', 'C2', undefined, 'C2']);
      expect(new Set(found).size).toBe(emails.length);
    } finally {
      await database.query('ALTER TABLE customer ALTER COLUMN email TYPE text');
    }
  });

  it('carry no key that the client leaves out of every result, unless the call asks for it', async () => {
    const app = await startApplication({
      imports: [
        databaseModule(database, {
          pool: { max: 4, min: 0 },
          clientOptions: { omit: { product: { id: true, createdAt: true } } },
        }),
        DatabaseModule.forFeature([ProductRepository]),
      ],
    });
    try {
      const hiding = app.get(ProductRepository);
      const ways: ((shape?: object) => Promise<unknown>)[] = [
        (shape) => hiding.findByIds([2, 404, 1], shape),
        (shape) => hiding.loadMany([2, 404, 1], shape),
      ];
      for (const find of ways) {
        const [second, missing, first] = (await find()) as (object | null)[];
        expect(missing).toBeNull();
        expect([second, first]).toMatchObject([{ sku: 'sku-2' }, { sku: 'sku-1' }]);
        expect(second).not.toHaveProperty('id');
        expect(second).not.toHaveProperty('createdAt');
        expect(await find({ omit: { id: false } })).toMatchObject([{ id: 2 }, null, { id: 1 }]);
        expect(await find({ select: { sku: true } })).toEqual([{ sku: 'sku-2' }, null, { sku: 'sku-1' }]);
      }
    } finally {
      await app.close();
    }
  });
});

describe('Loading with a client whose extension adds the tenant of the caller', () => {
  const tenants = new AsyncLocalStorage<string>();
  @Injectable()
  class Plain extends RepositoryFor('product') {}
  @Injectable()
  class Bounded extends RepositoryFor('product') {
    override loadBoundary() {
      return tenants.getStore() ?? null;
    }
  }
  let app: INestApplicationContext;

  beforeAll(async () => {
    const extend = (client: PrismaService['client']) =>
      client.$extends({
        query: {
          product: {
            $allOperations: ({ args, query }) =>
              query({
                ...args,
                where: { ...('where' in args ? args.where : {}), name: `Product ${tenants.getStore()}` },
              } as typeof args),
          },
        },
      });
    app = await startApplication({
      imports: [
        databaseModule(database, { pool: { max: 4, min: 0 }, extend: extend as never }),
        DatabaseModule.forFeature([Plain, Bounded]),
      ],
    });
  });
  afterAll(() => app.close());

  it.each([Plain, Bounded])(
    'never answers one tenant with the records of another (%p)',
    async (repository) => {
      const repo = app.get<Plain>(repository);
      const load = (tenant: string, id: number) => tenants.run(tenant, () => repo.load(id));
      const found = await Promise.all([load('1', 1), load('2', 1), load('2', 2), load('1', 2), load('3', 3)]);
      expect(found.map((product) => product?.id ?? null)).toEqual([1, null, 2, null, 3]);
    },
  );

  it('shares a statement within a tenant once the repository says what separates them', async () => {
    const load = (repository: typeof Plain) =>
      statementsOf(() =>
        tenants.run('7', () => Promise.all([7, 8, 9].map((id) => app.get<Plain>(repository).load(id)))),
      );
    const bounded = await load(Bounded);
    expect(bounded.sql).toHaveLength(1);
    expect(bounded.result.map((product) => product?.id ?? null)).toEqual([7, null, null]);
  });
});
