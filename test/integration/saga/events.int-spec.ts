import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  Database,
  ephemeral,
  OutboxAdmin,
  PermanentError,
  Saga,
  saga,
  type OutboxMessage,
  type OutboxOptions,
  type SagaEvent,
} from '../../../libs/database/src/index.js';
import { lockOf } from '../../../libs/database/src/outbox/outbox-writer.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { useSagaBench, type SagaBench } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';

let bench: SagaBench;
useSagaBench((created) => (bench = created));

/** What a step does, by key and step. */
const acts = new Map<string, () => unknown>();
const SECRET = '4111-1111';

@Saga('buy', { version: 3 })
class BuySaga {
  constructor(private readonly db: Database) {}
  readonly steps = saga<string>()
    .tx('stock', {
      initialDelayMs: 1,
      run: ({ key }) => this.write(key, 'stock'),
      undo: ({ key }) => acts.get(`${key} undo stock`)?.(),
      undoPolicy: { attempts: 1 },
    })
    .call('charge', {
      initialDelayMs: 1,
      attempts: 2,
      run: async ({ key }) => {
        await acts.get(`${key} charge`)?.();
        return SECRET;
      },
      undo: ({ key }) => acts.get(`${key} undo charge`)?.(),
      undoPolicy: { attempts: 1 },
    })
    .tx('order', { pivot: true, attempts: 1, run: ({ key }) => this.write(key, 'order') })
    .result(({ out }) => out.charge);

  private async write(key: string, step: string): Promise<string> {
    await this.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [`${key} ${step}`]);
    await acts.get(`${key} ${step}`)?.();
    return SECRET;
  }
}

@Saga('fan', { version: 1 })
class FanSaga {
  constructor(private readonly db: Database) {}
  readonly steps = saga<null>()
    .parallel((group) =>
      group
        .tx('a', { run: () => this.db.query('SELECT 1'), undo: () => undefined })
        .call('b', { run: () => 'b', undo: () => undefined })
        .tx('c', { run: () => this.db.query('SELECT 1'), undo: () => undefined })
        .call('d', {
          run: async ({ key }) => {
            await acts.get(`${key} d`)?.();
            return 'd';
          },
          undo: () => undefined,
        }),
    )
    .result(() => 'done');
}

/** Long enough that nothing happens because of it. */
const NEVER_MS = 3_600_000;
const start = (outbox: OutboxOptions = { deliver: false }, options: Parameters<SagaBench['start']>[1] = {}) =>
  bench.start([BuySaga, FanSaga], {
    ...options,
    saga: { events: true, ...options.saga },
    module: { outbox, ...options.module },
  });

/** What waits in the outbox about a saga, in the order in which it will be delivered. */
const told = async (key: string, topic = 'saga'): Promise<SagaEvent[]> => {
  const rows = await bench.database.query<{ payload: SagaEvent }>(
    'SELECT payload FROM nestjs_database.outbox_message WHERE topic = $1 AND key = ANY($2) ORDER BY seq',
    [topic, [`buy:${key}`, `fan:${key}`]],
  );
  return rows.map(({ payload }) => payload);
};
/** `step-done charge running`. */
const brief = ({ event, step, direction, state }: SagaEvent) =>
  [event, direction, step, state].filter(Boolean).join(' ');
const briefly = async (key: string) => (await told(key)).map(brief);

const COMPLETED = [
  'started running',
  'step-done do stock running',
  'step-started do charge running',
  'step-done do charge running',
  'step-done do order running',
  'completed completed',
];

describe('the events of a saga', () => {
  it('R33: tell what happens to it, by name and place, and nothing of what it works with', async () => {
    const { sagas } = await start();
    expect(sagas.capabilities.events).toBe(true);
    await sagas.run(BuySaga, { key: 'well', input: SECRET });
    expect(await briefly('well')).toEqual(COMPLETED);
    const events = await told('well');
    const found = await sagas.get(BuySaga, 'well');
    for (const event of events) {
      expect(event).toMatchObject({ saga: 'buy', key: 'well', id: found?.id, version: 3 });
      expect(Number.isNaN(Date.parse(event.at))).toBe(false);
    }
    expect(events[3]).toEqual({
      saga: 'buy',
      key: 'well',
      id: found?.id,
      version: 3,
      event: 'step-done',
      state: 'running',
      step: 'charge',
      direction: 'do',
      attempt: 1,
      at: events[3]?.at,
    });
    expect(JSON.stringify(events)).not.toContain(SECRET);
  });

  it('R33: tell of failures by name and code, of the way back, and of those who look after it', async () => {
    const { sagas } = await start();
    acts.set('bad charge', () => {
      throw new PermanentError(`declined ${SECRET}`);
    });
    acts.set('bad undo stock', () => {
      throw new Error(SECRET);
    });
    await expect(sagas.run(BuySaga, { key: 'bad', input: 'x' })).rejects.toMatchObject({ state: 'dead' });
    await sagas.retryDead(BuySaga, 'bad');
    await sagas.run(BuySaga, { key: 'bad', input: 'x' }).catch(() => undefined);
    await sagas.resolveDead(BuySaga, 'bad', 'by hand');
    const end = ['undo-failed undo stock compensating', 'dead charge dead'];
    expect(await briefly('bad')).toEqual([
      'started running',
      'step-done do stock running',
      'step-started do charge running',
      'step-failed do charge running',
      'compensating charge compensating',
      ...end,
      'retried compensating',
      ...end,
      'resolved compensated',
    ]);
    const events = await told('bad');
    expect(events.map(({ error }) => error?.name)).toEqual([
      ...[undefined, undefined, undefined, 'PermanentError', 'PermanentError'],
      ...['Error', 'PermanentError', undefined, 'Error', 'PermanentError', undefined],
    ]);
    expect(new Set(events.map(({ id, version }) => `${id} ${version}`)).size).toBe(1);
    expect(JSON.stringify(events)).not.toContain(SECRET);
  });

  it('R33, R14: tell of every attempt at a call, and of what is taken back', async () => {
    const { sagas } = await start();
    acts.set('twice charge', () => {
      throw new Error('timeout');
    });
    await sagas.run(BuySaga, { key: 'twice', input: 'x' }).catch(() => undefined);
    expect((await told('twice')).map((event) => `${brief(event)} ${event.attempt ?? ''}`.trim())).toEqual([
      'started running',
      'step-done do stock running 1',
      'step-started do charge running 1',
      'step-started do charge running 2',
      'compensating charge compensating',
      'step-started undo charge compensating 1',
      'undone undo charge compensating 1',
      'undone undo stock compensating 1',
      'compensated charge compensated',
    ]);
  });

  it('R33, R30: tell of a wish to cancel once, in the transaction of whoever has it', async () => {
    const { sagas, transactions } = await start();
    acts.set('wish stock', async () => {
      await sagas.cancel(BuySaga, 'wish');
      await sagas.cancel(BuySaga, 'wish');
    });
    await sagas.run(BuySaga, { key: 'wish', input: 'x' }).catch(() => undefined);
    expect((await briefly('wish')).slice(0, 4)).toEqual([
      'started running',
      'cancel-requested running',
      'step-done do stock running',
      'compensating compensating',
    ]);
    acts.set('outside charge', async () => {
      const cancelled = transactions.run(async () => {
        await sagas.cancel(BuySaga, 'outside');
        throw new Error('rolled back');
      });
      await cancelled.catch(() => undefined);
      expect(await briefly('outside')).not.toContain('cancel-requested running');
      expect(await sagas.cancel(BuySaga, 'outside')).toBe(true);
      expect(await sagas.cancel(BuySaga, 'outside')).toBe(true);
    });
    await sagas.run(BuySaga, { key: 'outside', input: 'x' }).catch(() => undefined);
    expect((await briefly('outside')).filter((line) => line.startsWith('cancel'))).toHaveLength(1);
  });

  it('R33, R30: do not set a saga that ends against a transaction in which somebody cancels it', async () => {
    const { sagas, transactions } = await start();
    const isEnding = async () => {
      const waiting = await bench.database.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%moved%'`,
      );
      return waiting.length > 0;
    };
    const isLocked = async (key: string) => {
      const locks = await bench.database.query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid::bigint = ($1::bigint & 4294967295)`,
        [String(lockOf('saga', key))],
      );
      return locks.length > 0;
    };
    let cancelling: Promise<boolean> | undefined;
    acts.set('race d', async () => {
      let cancelled: (() => void) | undefined;
      const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
      cancelling = transactions.run(async () => {
        const found = await sagas.cancel('fan', 'race');
        cancelled?.();
        expect(await until(isEnding, 10_000)).toBe(true);
        // Whoever waits here for the saga must not have what the end of this transaction waits for.
        expect(await isLocked('fan:race')).toBe(false);
        return found;
      });
      cancelling.catch(() => undefined);
      await isCancelled;
    });
    expect(await sagas.run(FanSaga, { key: 'race', input: null })).toBe('done');
    expect(await cancelling).toBe(true);
    expect((await briefly('race')).slice(-2)).toEqual(['cancel-requested running', 'completed completed']);
  });

  it('R33: are there with the step they tell of, and gone with it', async () => {
    const { sagas } = await start();
    let failures = 0;
    acts.set('again stock', () => {
      failures += 1;
      if (failures < 3) throw new Error('not yet');
    });
    await sagas.run(BuySaga, { key: 'again', input: 'x' });
    expect(failures).toBe(3);
    expect((await told('again')).filter(({ step }) => step === 'stock')).toMatchObject([
      { event: 'step-done', attempt: 3 },
    ]);
  });

  it('R33, R21: are none of an owner that has lost the saga', async () => {
    const one = await start({ deliver: false }, { engine: { execute: false } });
    const takeAway = () =>
      bench.database.query(
        `WITH taken AS (UPDATE nestjs_database.saga SET fence = fence + 1 WHERE state = 'running' RETURNING id)
         UPDATE nestjs_database.saga_lease l SET owner = $1, due_at = clock_timestamp() FROM taken WHERE l.saga_id = taken.id`,
        [randomUUID()],
      );
    for (const step of ['stock', 'charge']) {
      const key = `stale ${step}`;
      acts.set(`${key} ${step}`, () => acts.delete(`${key} ${step}`) && takeAway());
      const running = one.sagas.run(BuySaga, { key, input: 'x' });
      running.catch(() => undefined);
      expect(await until(() => bench.points(key).includes(`do ${step} recording`), 5_000)).toBe(true);
      const other = await start();
      expect(await other.sagas.run(BuySaga, { key, input: 'x' })).toBe(SECRET);
      expect(await running).toBe(SECRET);
      // The call was made, and is told of, twice.
      const twice = step === 'charge' ? ['step-started do charge running'] : [];
      expect((await briefly(key)).toSorted()).toEqual([...COMPLETED, ...twice].toSorted());
      await other.close();
    }
  });

  it('R33, R3: begin with the commit that enqueues the saga, and not without it', async () => {
    const { sagas, transactions } = await start({ deliver: false }, { engine: { execute: false } });
    const enqueue = (key: string, fails = false) =>
      transactions.run(async () => {
        await sagas.enqueue(BuySaga, { key, input: 'x' });
        expect(await briefly(key)).toEqual([]);
        if (fails) throw new Error('no');
      });
    await enqueue('joined');
    await enqueue('gone', true).catch(() => undefined);
    await sagas.enqueue(BuySaga, { key: 'alone', input: 'x' });
    expect(await Promise.all(['joined', 'gone', 'alone'].map(briefly))).toEqual([
      ['started running'],
      [],
      ['started running'],
    ]);
    // One that is there already begins nothing.
    await transactions.run(() => sagas.enqueue(BuySaga, { key: 'joined', input: 'x' }));
    await sagas.enqueue(BuySaga, { key: 'alone', input: 'x' });
    expect(await Promise.all(['joined', 'alone'].map(briefly))).toEqual([
      ['started running'],
      ['started running'],
    ]);
    const { id } = (await sagas.get(BuySaga, 'joined'))!;
    expect(await told('joined')).toMatchObject([{ id, version: 3, key: 'joined' }]);
  });

  it('R33, R3: let any number of sagas be enqueued together: none takes a lock, for which a server has limited room', async () => {
    const { sagas, transactions, db } = await start({ deliver: false }, { engine: { execute: false } });
    const lock = String(lockOf('saga', 'buy:free'));
    await transactions.run(async () => {
      await db.query('SELECT pg_advisory_xact_lock($1::bigint)', [lock]);
      const enqueue = () => sagas.enqueue(BuySaga, { key: 'free', input: 'x' });
      await transactions.run(enqueue, { propagation: 'REQUIRES_NEW' });
    });
    expect(await briefly('free')).toEqual(['started running']);
  });

  it('R33: are delivered at once, in the order of their saga, whatever its branches do at the same time', async () => {
    const received: SagaEvent[] = [];
    const sinks = { news: ({ payload }: OutboxMessage) => void received.push(payload as SagaEvent) };
    const outbox: OutboxOptions = { sinks, pollMs: NEVER_MS };
    const events = { topic: 'news' };
    const { sagas, app } = await start(outbox, { saga: { events }, module: { pool: { max: 12, min: 0 } } });
    const keys = Array.from({ length: 20 }, (_, index) => `fan ${index}`);
    await Promise.all(keys.map((key) => sagas.run(FanSaga, { key, input: null })));
    expect(await until(() => received.length === keys.length * 8, 20_000)).toBe(true);
    for (const key of keys) {
      const events = received.filter((event) => event.key === key).map(({ event, step }) => [event, step]);
      const place = (event: string, step?: string) =>
        events.findIndex(([each, of]) => each === event && of === step);
      expect([place('started'), place('completed')]).toEqual([0, 7]);
      for (const step of ['b', 'd'])
        expect(place('step-done', step)).toBeGreaterThan(place('step-started', step));
    }
    // What was delivered is deleted in a moment.
    const admin = app.get(OutboxAdmin);
    expect(await until(async () => (await admin.status()).pending === 0, 10_000)).toBe(true);
    expect((await admin.status()).dead).toBe(0);
  });

  it('R33: get their number under the lock of their saga, so that a later commit never has an earlier one', async () => {
    const { sagas, transactions, db } = await start();
    const lock = String(lockOf('saga', 'buy:turn'));
    const waits = async () => {
      const rows = await bench.database.query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid::bigint = ($1::bigint & 4294967295)`,
        [lock],
      );
      return rows.length > 0;
    };
    const insert = (event: string) =>
      db.query(
        `INSERT INTO nestjs_database.outbox_message (slot, id, topic, key, payload, headers, created_at, available_at)
         VALUES (0, gen_random_uuid(), 'saga', 'buy:turn', json_build_object('event', $1::text), '{}', now(), now())`,
        [event],
      );
    /** Holds the lock until `work` waits for it, and only then draws a number. */
    const first = async (event: string, work: () => Promise<unknown>) => {
      let working: Promise<unknown> | undefined;
      await transactions.run(async () => {
        await db.query('SELECT pg_advisory_xact_lock($1::bigint)', [lock]);
        working = transactions.run(work, { propagation: 'NOT_SUPPORTED' });
        working.catch(() => undefined);
        expect(await until(waits, 5_000)).toBe(true);
        await insert(event);
      });
      await working;
    };
    const running: { done?: Promise<unknown> } = {};
    await first('before the beginning', async () => {
      running.done = sagas.run(BuySaga, { key: 'turn', input: 'x' });
      await until(async () => (await briefly('turn')).includes('completed completed'), 5_000);
    });
    await running.done;
    expect((await briefly('turn')).slice(0, 2)).toEqual(['before the beginning', 'started running']);
  });
});

describe('events and a connection that is not to be relied on', () => {
  let proxy: FaultProxy;
  beforeAll(async () => {
    proxy = await FaultProxy.start({ upstream: bench.database.url });
  });
  afterAll(() => proxy.close());

  /** Statements of an application that runs `count` sagas, without those that a saga does not wait for. */
  const life = async (events: boolean, count: number) => {
    proxy.statements.length = 0;
    const before = proxy.roundTrips;
    const engine = { execute: false, leaseMs: 60_000, pollMs: 600_000 };
    const one = await start({ deliver: false }, { engine, saga: { events }, module: { url: proxy.url } });
    for (let index = 0; index < count; index += 1)
      await one.sagas.run(BuySaga, { key: `${count} ${index} ${events}`, input: 'x' });
    // Then everything is answered.
    await one.close();
    const isBeside = (text: string) => /^NOTIFY|^LISTEN|SET owner = NULL|SET due_at = clock/.test(text);
    return {
      trips: proxy.roundTrips - before - proxy.statements.filter(isBeside).length,
      commits: proxy.statements.filter((text) => text.startsWith('COMMIT')).length,
    };
  };

  it('R33: cost no round trip and no commit', async () => {
    await life(true, 0);
    for (const events of [false, true]) {
      const [one, three] = [await life(events, 1), await life(events, 3)];
      expect({ trips: three.trips - one.trips, commits: three.commits - one.commits }).toEqual({
        trips: 2 * (1 + 2 + 2 + 2),
        commits: 2 * 2,
      });
    }
  });

  it.each(['cut', 'cutOnReply'] as const)(
    'R33, R22: tell everything once that the journal has, wherever a statement is lost (%s)',
    async (how) => {
      const module = { url: proxy.url, pool: { max: 4, min: 0 } };
      const one = await start({ deliver: false }, { engine: { leaseMs: 2_000, pollMs: 60_000 }, module });
      for (const fails of how === 'cut' ? [true] : [false, true]) {
        const run = async (key: string) => {
          if (fails)
            acts.set(`${key} order`, () => {
              throw new Error('sold out');
            });
          await one.sagas.run(BuySaga, { key, input: 'x' }).catch(() => undefined);
          // How often a call was begun depends on where the connection was lost.
          const events = (await briefly(key)).filter((line) => !line.startsWith('step-started'));
          return { events, points: bench.points(key).length };
        };
        const model = await run(`model ${how} ${fails}`);
        expect(model.events).toHaveLength(fails ? 8 : 5);
        for (let point = 0; point < model.points; point += 1) {
          const key = `${how} ${fails} ${point}`;
          let seen = 0;
          bench.at((event) => {
            if (event.key !== key || event.point === 'beat') return;
            if (seen === point) proxy.onRequest({ statement: /saga|COMMIT/ }, { do: how });
            seen += 1;
          });
          expect([key, (await run(key)).events]).toEqual([key, model.events]);
          await proxy.heal();
        }
      }
    },
    60_000,
  );
});

describe('the option `saga.events`', () => {
  it('R33: is refused without an outbox, with an engine that has no events, and for what is no topic', async () => {
    await expect(bench.start([BuySaga], { saga: { events: true } })).rejects.toThrow(
      /saga\.events.*outbox: \{\}/s,
    );
    await expect(start({}, { saga: { engine: ephemeral() } })).rejects.toThrow(
      /ephemeral.*capabilities\.events/s,
    );
    for (const events of [{ topic: '' }, { topic: 7 }, { subject: 'x' }, 'yes'] as unknown as boolean[])
      await expect(start({}, { saga: { events } })).rejects.toThrow(/saga\.events/);
    const { sagas } = await start({}, { saga: { events: false, engine: ephemeral() } });
    expect(sagas.capabilities.events).toBe(false);
  });
});
