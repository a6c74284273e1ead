import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, Saga, saga, type SagaFailedError } from '../../../libs/database/src/index.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { useSagaBench, type SagaBench, type SagaInstance } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';

let bench: SagaBench;
let proxy: FaultProxy;
useSagaBench((created) => (bench = created));
beforeAll(async () => {
  proxy = await FaultProxy.start({ upstream: bench.database.url });
});
afterEach(() => proxy.heal());
afterAll(() => proxy.close());

/** What the other system was asked for, by its keys. */
const charges: string[] = [];
const refunds: string[] = [];

@Saga('sale', { version: 1, maxRecoveries: 1_000 })
class SaleSaga {
  constructor(private readonly db: Database) {}

  readonly steps = saga<boolean>()
    .tx('stock', {
      run: ({ key }) => this.insert(`${key} stock`),
      undo: ({ key }) => this.insert(`${key} stock back`),
    })
    .call('charge', {
      run: ({ idempotencyKey }) => void charges.push(idempotencyKey),
      undo: ({ doKey }) => void refunds.push(doKey),
    })
    .tx('order', {
      run: ({ key }) => this.insert(`${key} order`),
      undo: ({ key }) => this.insert(`${key} order back`),
    })
    .tx('end', {
      attempts: 1,
      run: ({ input }) => {
        if (!input) throw new Error('sold out');
        return 'sold';
      },
    })
    .result(({ out }) => out.end);

  // A second time it fails: the names are unique.
  private async insert(name: string): Promise<void> {
    await this.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
  }
}

const start = (execute = true): Promise<SagaInstance> =>
  bench.start([SaleSaga], {
    engine: { execute, leaseMs: 2_000, pollMs: 60_000 },
    module: { url: proxy.url, pool: { max: 4, min: 0, acquireTimeoutMs: 2_000, connectTimeoutMs: 1_900 } },
  });

/** A wake-up that may have been missed before is made up for by a look, which would be counted. */
const isListening = async () => {
  const listens = () => proxy.statements.some((text) => text.startsWith('LISTEN'));
  expect(await until(listens, 5_000)).toBe(true);
  proxy.statements.length = 0;
};

const kept = (key: string) => [`${key} order`, `${key} stock`];
const takenBack = (key: string) => [`${key} order`, `${key} order back`, `${key} stock`, `${key} stock back`];

describe('the cost of a saga', () => {
  it('is one round trip to begin, and none for what a step records: its commit takes that along', async () => {
    @Saga('three', { version: 1 })
    class ThreeSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('one', { run: () => this.db.query('SELECT 1 AS one'), undo: () => undefined })
        .tx('two', { run: () => this.db.query('SELECT 2 AS two'), undo: () => undefined })
        .tx('three', { run: () => this.db.query('SELECT 3 AS three') })
        .result(({ out }) => out.three);
    }
    const one = await bench.start([ThreeSaga], {
      engine: { execute: false, leaseMs: 60_000, pollMs: 600_000 },
      module: { url: proxy.url },
    });
    const run = (key: string) => one.sagas.run(ThreeSaga, { key, input: null });
    await isListening();
    await run('warm');
    const before = proxy.statements.length;
    expect(await proxy.countRoundTrips(() => run('cost'))).toBe(7);
    const statements = proxy.statements.slice(before);
    // And as many commits as it has steps, beside that of its beginning.
    expect(statements.filter((text) => text.startsWith('COMMIT'))).toHaveLength(3);
    expect(statements.filter((text) => text.startsWith('BEGIN'))).toHaveLength(3);
    const bare = async () => {
      for (const _ of [1, 2, 3]) await one.transactions.run(() => one.db.query('SELECT 1'));
    };
    expect(await proxy.countRoundTrips(bare)).toBe(6);
  });

  it('is two round trips more for each call: that it begins, and that it has come through', async () => {
    const one = await start(false);
    await isListening();
    await one.sagas.run(SaleSaga, { key: 'warm', input: true });
    expect(await proxy.countRoundTrips(() => one.sagas.run(SaleSaga, { key: 'cost', input: true }))).toBe(
      // `end` sends nothing of its own: BEGIN, the journal and COMMIT are one write.
      1 + 2 + 2 + 2 + 1,
    );
  });

  it('of an enqueued one is nothing to the transaction that it begins with', async () => {
    const one = await start(false);
    await isListening();
    await one.sagas.run(SaleSaga, { key: 'warm', input: true });
    const order = (key: string, enqueues: boolean) => () =>
      one.transactions.run(async () => {
        await one.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [key]);
        if (enqueues) await one.sagas.enqueue(SaleSaga, { key, input: true });
      });
    expect(await proxy.countRoundTrips(order('without', false))).toBe(2);
    const statements = proxy.statements.length;
    await order('with', true)();
    const sent = proxy.statements.slice(statements).filter((text) => !text.startsWith('NOTIFY'));
    expect(sent.map((text) => text.trim().split(/\s+/)[0])).toEqual([
      'BEGIN',
      'INSERT',
      'WITH',
      'INSERT',
      'COMMIT',
    ]);
  });
});

describe.each([
  ['that is completed', true],
  ['that is taken back', false],
])('a saga %s, whose connection is lost', (_which, input) => {
  it.each([
    ['before the server has seen it', 'cut'],
    ['after the server has done it', 'cutOnReply'],
  ] as const)(
    'R22: ends as it would have, with each effect once, wherever a statement is lost %s',
    async (_when, how) => {
      const one = await start();
      const outcome = (key: string) =>
        one.sagas.run(SaleSaga, { key, input }).catch((error: unknown) => (error as SagaFailedError).state);
      await outcome('model');
      const points = bench.points('model').length;
      for (let point = 0; point < points; point += 1) {
        const key = `${how} ${input} ${point}`;
        let seen = 0;
        bench.at((event) => {
          if (event.key !== key || event.point === 'beat') return;
          // The next statement of this saga, whatever it is.
          if (seen === point) proxy.onRequest({ statement: /saga|COMMIT/ }, { do: how });
          seen += 1;
        });
        expect([key, await outcome(key)]).toEqual([key, input ? 'sold' : 'compensated']);
        await proxy.heal();
        const stored = (await bench.stored()).filter((name) => name.startsWith(`${key} `));
        expect(stored).toEqual(input ? kept(key) : takenBack(key));
        expect(new Set(charges.filter((charge) => charge.includes(`:${key}:`))).size).toBe(1);
        expect(new Set(refunds.filter((refund) => refund.includes(`:${key}:`))).size).toBe(input ? 0 : 1);
      }
    },
    120_000,
  );
});

describe('a database that is away', () => {
  it('R23: has nothing taken back; the saga goes on when it is there again', async () => {
    const one = await start();
    let isAway = false;
    bench.at((event) => {
      if (event.key !== 'away' || event.point !== 'ran' || event.step !== 'charge' || isAway) return;
      isAway = true;
      proxy.refuse();
      proxy.cut('rst');
    });
    const running = one.sagas.run(SaleSaga, { key: 'away', input: true });
    running.catch(() => undefined);
    expect(await until(() => isAway, 5_000)).toBe(true);
    // Longer than the lease: nobody prolongs it.
    await until(() => false, 3_000);
    expect(
      bench.points('away').filter((point) => point.includes('undo') || point.includes('compensating')),
    ).toEqual([]);
    await proxy.accept();
    expect(await running).toBe('sold');
    expect((await bench.stored()).filter((name) => name.startsWith('away '))).toEqual(kept('away'));
    expect(refunds.filter((refund) => refund.includes(':away:'))).toEqual([]);
    expect(await one.sagas.get(SaleSaga, 'away')).toMatchObject({ state: 'completed' });
  });

  it('R22: may be asked to begin a saga whose beginning was not answered; it begins once', async () => {
    const one = await start();
    for (const [index, how] of (['cut', 'cutOnReply'] as const).entries()) {
      proxy.onRequest({ statement: /INSERT INTO "nestjs_database".saga_lease/ }, { do: how });
      expect(await one.sagas.run(SaleSaga, { key: `begin ${index}`, input: true })).toBe('sold');
      expect(bench.points(`begin ${index}`).filter((point) => point === 'created')).toHaveLength(1);
      await proxy.heal();
    }
  });
});
