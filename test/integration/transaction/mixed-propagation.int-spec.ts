/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { DatabaseError, PROPAGATIONS, translateError } from '../../../libs/database/src/index.js';
import { category, FaultBench } from '../../support/faults/fault-bench.js';
import { seededRandom } from '../../support/fault-proxy/seeded-random.js';
import { drawCall, predict, ServiceError, type Call } from '../../support/propagation-plan.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { TransactionLog } from '../../support/transaction-log.js';

const SERVICES = 20;
const REQUESTS = 500;
const POOL = 5;
const SEED = 4;
const BOUND_MS = 60_000;
/** What a request may fail with because others want the same connections. */
const CONTENTION = ['TRANSACTION_STARVATION', 'POOL_TIMEOUT', 'TRANSACTION_TIMEOUT'];
/** What the levels say, and the services themselves. */
const PREDICTED = ['ServiceError', 'TRANSACTION_REQUIRED', 'TRANSACTION_FORBIDDEN', 'UNEXPECTED_ROLLBACK'];

jest.setTimeout(120_000);

let database: TestDatabase;
let bench: FaultBench;

beforeAll(async () => {
  database = await createTestDatabase();
  bench = await FaultBench.open({
    url: database.url,
    module: {
      pool: { max: POOL, min: 0, acquireTimeoutMs: BOUND_MS, connectTimeoutMs: 1_900 },
      transaction: { timeoutMs: BOUND_MS, maxWaitMs: BOUND_MS },
      timeouts: { statementMs: 20_000, lockMs: 10_000, idleInTransactionMs: BOUND_MS, graceMs: 300 },
    },
  });
});
beforeEach(async () => {
  await database.query('TRUNCATE category RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

/** What the services have been told by the transactions; a write that is repeated has another name each time. */
class Ledger {
  /** Whose transactions are to say what became of them. */
  readonly made: string[] = [];
  readonly committed: string[] = [];
  readonly rolledBack: string[] = [];
  readonly direct: string[] = [];
  /** Requests in which a call has failed because of the others. */
  readonly disturbed = new Set<string>();
  private writes = 0;

  next(call: Call): string {
    this.writes += 1;
    return `${call.id}#${this.writes}`;
  }
}

/** Each service writes in its own way. */
const WAYS = [
  (name: string) => bench.categories.create(category(name)),
  (name: string) => bench.prisma.category.create(category(name)),
  (name: string) => bench.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]),
  (name: string) => bench.prisma.$executeRaw`INSERT INTO category (name, slug) VALUES (${name}, ${name})`,
];

class Service {
  constructor(
    private readonly number: number,
    private readonly services: readonly Service[],
    private readonly ledger: Ledger,
  ) {}

  serve(call: Call): Promise<void> {
    const { propagation, id } = call;
    return bench.transactions.run(() => this.work(call), { propagation, name: id });
  }

  private async work(call: Call): Promise<void> {
    const { transactions } = bench;
    if (call.writes) {
      const name = this.ledger.next(call);
      const inside = transactions.isActive();
      if (inside) {
        this.ledger.made.push(name);
        transactions.afterCommit(() => void this.ledger.committed.push(name));
        transactions.afterRollback(() => void this.ledger.rolledBack.push(name));
      }
      await WAYS[this.number % WAYS.length]!(name).catch((error: unknown) => {
        const { code } = translateError(error);
        if (CONTENTION.includes(code)) this.ledger.disturbed.add(requestOf(call.id));
        throw error;
      });
      if (!inside) this.ledger.direct.push(name);
    }
    const serve = (inner: Call) => {
      const running = this.services[inner.service]!.serve(inner);
      return inner.caught ? running.catch(() => undefined) : running;
    };
    if (call.together) await settleAll(call.calls.map(serve));
    else for (const inner of call.calls) await serve(inner);
    if (call.end === 'throw') throw new ServiceError(call.id);
    if (call.end === 'rollbackOnly' && transactions.isActive()) transactions.setRollbackOnly();
  }
}

/** Waits for all of them, and fails as the first one in the list has. */
async function settleAll(running: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(running))
    if (result.status === 'rejected') throw result.reason;
}

function createServices(ledger: Ledger): Service[] {
  const services: Service[] = [];
  for (let number = 0; number < SERVICES; number++) services.push(new Service(number, services, ledger));
  return services;
}

function drawRequests(seed: number): Call[] {
  const random = seededRandom(seed);
  return Array.from({ length: REQUESTS }, (_, index) =>
    drawCall(random, SERVICES, `r${String(index).padStart(3, '0')}`),
  );
}

const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category')).map(({ name }) => name).sort();
const idOf = (name: string) => name.split('#')[0]!;
const requestOf = (id: string) => id.split('.')[0]!;
const codeOf = (error: unknown) =>
  error instanceof DatabaseError
    ? error.code
    : error instanceof ServiceError
      ? 'ServiceError'
      : String(error);
const all = (calls: readonly Call[]): Call[] => calls.flatMap((call) => [call, ...all(call.calls)]);

async function expectNothingHeld(): Promise<void> {
  expect(await bench.usage()).toMatchObject({ active: 0, waiting: 0 });
  const busy = await database.query(
    "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
  );
  expect(busy).toEqual([]);
}

describe(`${SERVICES} services that call each other with all propagation levels mixed`, () => {
  it('do what the levels say, one request after the other', async () => {
    const ledger = new Ledger();
    const services = createServices(ledger);
    const requests = drawRequests(SEED).slice(0, 80);
    expect(new Set(all(requests).map(({ propagation }) => propagation))).toEqual(new Set(PROPAGATIONS));
    for (const request of requests) {
      const expected = predict(request);
      const before = new Set(await stored());
      const failure = await services[request.service]!.serve(request).then(() => undefined, codeOf);
      const kept = (await stored()).filter((name) => !before.has(name)).map(idOf);
      expect({ request, failure, kept }).toEqual({
        request,
        failure: expected.failure,
        kept: [...expected.kept].sort(),
      });
    }
    await expectNothingHeld();
  });

  it(`come to an end under ${REQUESTS} concurrent requests on a pool of ${POOL}: typed errors, hooks once, the data of the model, no leak`, async () => {
    const ledger = new Ledger();
    const services = createServices(ledger);
    const requests = drawRequests(SEED);
    const log = new TransactionLog();
    const started = performance.now();
    const results = await Promise.allSettled(
      requests.map((request) => services[request.service]!.serve(request)),
    );
    const tookMs = performance.now() - started;
    log.close();
    expect(tookMs).toBeLessThan(BOUND_MS);
    await expectNothingHeld();

    // Whatever became of a request: what is stored is what its hooks were told, each exactly once.
    const names = await stored();
    expect([...ledger.committed, ...ledger.direct].sort()).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
    const there = new Set(names);
    expect(ledger.rolledBack.filter((name) => there.has(name))).toEqual([]);
    expect([...ledger.committed, ...ledger.rolledBack].sort()).toEqual(ledger.made.sort());

    // And of those that have not met the others, what the model says.
    const { disturbed } = ledger;
    for (const { name } of log.retries) disturbed.add(requestOf(name));
    for (const { name, error } of log.ends)
      if (CONTENTION.includes(codeOf(error))) disturbed.add(requestOf(name));
    let compared = 0;
    const keptOf = groupByRequest(names);
    for (const [index, request] of requests.entries()) {
      const result = results[index]!;
      const failure = result.status === 'fulfilled' ? undefined : codeOf(result.reason);
      expect([undefined, ...PREDICTED, ...CONTENTION]).toContain(failure);
      if (disturbed.has(request.id) || CONTENTION.includes(failure ?? '')) continue;
      compared += 1;
      const expected = predict(request);
      const kept = (keptOf.get(request.id) ?? []).map(idOf).sort();
      expect({ request, failure, kept }).toEqual({
        request,
        failure: expected.failure,
        kept: [...expected.kept].sort(),
      });
    }
    expect(compared).toBeGreaterThan(REQUESTS * 0.9);
  });
});
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

function groupByRequest(names: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const request = requestOf(idOf(name));
    groups.set(request, [...(groups.get(request) ?? []), name]);
  }
  return groups;
}

describe('transactions that each want a second connection, as many as the pool has', () => {
  const meeting = (count: number) => {
    let here = 0;
    let open: () => void = () => undefined;
    const everybody = new Promise<void>((resolve) => (open = resolve));
    return async () => {
      here += 1;
      if (here >= count) open();
      await everybody;
    };
  };

  it('all end well: one is refused and repeated, so that the others go on', async () => {
    const together = meeting(POOL);
    const log = new TransactionLog();
    await Promise.all(
      Array.from({ length: POOL }, (_, index) =>
        bench.transactions.run(
          async () => {
            await bench.categories.create(category(`outer ${index}`));
            if (bench.transactions.attempt === 1) await together();
            await bench.transactions.run(() => bench.db.query('SELECT 1'), { propagation: 'REQUIRES_NEW' });
          },
          { retry: { attempts: 10 } },
        ),
      ),
    );
    log.close();
    expect(log.codes).toEqual(['TRANSACTION_STARVATION']);
    expect(await stored()).toHaveLength(POOL);
    await expectNothingHeld();
  });

  it('get the next connection that is free before everybody who holds none', async () => {
    const order: string[] = [];
    const held = deferred();
    const asks = deferred();
    // By then, whoever asks for a connection is in the queue.
    const turns = async () => {
      for (let count = 0; count < 10; count++) await turn();
    };
    const together = meeting(POOL + 1);
    const begin = async () => {
      await bench.db.query('SELECT 1');
      await together();
    };
    const blockers = Array.from({ length: POOL - 1 }, () =>
      bench.transactions.run(async () => {
        await begin();
        await held.promise;
      }),
    );
    const outer = bench.transactions.run(async () => {
      await begin();
      await asks.promise;
      const inner = bench.transactions.run(
        async () => {
          await bench.db.query('SELECT 1');
          order.push('inner');
        },
        { propagation: 'REQUIRES_NEW' },
      );
      await turns();
      held.resolve();
      await inner;
    });
    await together();
    const others = Array.from({ length: 20 }, async (_, index) => {
      await bench.db.query('SELECT 1');
      order.push(`other ${index}`);
    });
    await turns();
    asks.resolve();
    await Promise.all([...blockers, outer, ...others]);
    // Those that got the other connections may have been answered before.
    expect(order.indexOf('inner')).toBeLessThan(2 * POOL);
  });

  it('in a bare client wait for each other until they fail', async () => {
    const naive = bench.naive({ max: POOL });
    const together = meeting(POOL);
    const results = await Promise.allSettled(
      Array.from({ length: POOL }, (_, index) =>
        naive.$transaction(async (client) => {
          await client.category.create(category(`outer ${index}`));
          await together();
          await naive.$transaction((inner) => inner.$queryRaw`SELECT 1`, { maxWait: 500 });
        }),
      ),
    );
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  });
});
