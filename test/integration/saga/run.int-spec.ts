import { describe, expect, it } from '@jest/globals';
import {
  cancelOnAbort,
  Database,
  PermanentError,
  PrismaService,
  Saga,
  saga,
  SagaFailedError,
  SagaInTransactionError,
  SagaKeyConflictError,
  TransactionManager,
  ValidationError,
} from '../../../libs/database/src/index.js';
import { useSagaBench, type SagaBench, type SagaInstance } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';
import { Stopwatch } from '../../support/stopwatch.js';

let bench: SagaBench;
useSagaBench((created) => (bench = created));

interface Order {
  readonly name: string;
  /** The step that fails. */
  readonly fails?: string;
  /** How often it does. */
  readonly times?: number;
}

/** What was called, by the key of the saga. */
const calls: string[] = [];
const failures = new Map<string, number>();

@Saga('order', { version: 1 })
class OrderSaga {
  constructor(
    private readonly db: Database,
    private readonly prisma: PrismaService,
    private readonly transactions: TransactionManager,
  ) {}

  readonly steps = saga<Order>()
    .tx('reserve', {
      initialDelayMs: 1,
      run: async ({ input, key }) => {
        await this.write(`${key} reserve`);
        this.failAt('reserve', input, key);
        return { isInside: this.transactions.isActive(), name: input.name };
      },
      undo: async ({ key }, result) => {
        calls.push(`undo reserve ${result.name}`);
        await this.db.query('DELETE FROM category WHERE name = $1', [`${key} reserve`]);
      },
    })
    .call('charge', {
      initialDelayMs: 1,
      run: ({ input, key, idempotencyKey }) => {
        calls.push(`charge ${idempotencyKey}`);
        this.failAt('charge', input, key);
        return { isInside: this.transactions.isActive(), charged: true };
      },
      undo: ({ doKey }, result) => void calls.push(`undo charge ${doKey} ${String(result?.charged)}`),
    })
    .tx('confirm', {
      pivot: true,
      initialDelayMs: 1,
      run: async ({ input, key }) => {
        await this.prisma.category.create({ data: { name: `${key} confirm`, slug: `${key} confirm` } });
        this.failAt('confirm', input, key);
      },
    })
    .result(({ out, input }) => ({ ...out.reserve, ...out.charge, last: out.confirm, name: input.name }));

  private async write(name: string): Promise<void> {
    await this.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [name]);
  }

  private failAt(step: string, { fails, times = Infinity }: Order, key: string): void {
    if (fails !== step) return;
    const before = failures.get(key) ?? 0;
    failures.set(key, before + 1);
    if (before < times) throw new Error(`${step} fails`);
  }
}

const PAID = { isInside: false, name: 'a', charged: true };

describe('a saga in PostgreSQL', () => {
  it('R5, R6, R38: runs its steps in order, tx steps in transactions that everything joins, and resolves with its result', async () => {
    const { sagas } = await bench.start([OrderSaga]);
    const result = await sagas.run(OrderSaga, { key: 'r5', input: { name: 'a' } });
    expect(result).toEqual(PAID);
    expect(await bench.stored()).toEqual(['r5 confirm', 'r5 reserve']);
    expect(bench.points('r5')).toEqual([
      'created',
      'do reserve running',
      'do reserve ran',
      'do reserve recording',
      'do reserve recorded',
      'do charge started',
      'do charge running',
      'do charge ran',
      'do charge recording',
      'do charge recorded',
      'do confirm running',
      'do confirm ran',
      'completed moving',
      'do confirm recording',
      'do confirm recorded',
      'completed moved',
    ]);
    expect(await bench.rows('saga_lease')).toEqual([]);
    const found = await sagas.get(OrderSaga, 'r5');
    expect(found).toMatchObject({
      name: 'order',
      version: 1,
      key: 'r5',
      state: 'completed',
      orphaned: false,
      input: { name: 'a' },
      result: PAID,
      recoveries: 0,
      failedStep: undefined,
      error: undefined,
    });
    expect(
      found?.steps.map(({ step, direction, state, attempts }) => [step, direction, state, attempts]),
    ).toEqual([
      ['reserve', 'do', 'done', 1],
      ['charge', 'do', 'done', 1],
      ['confirm', 'do', 'done', 1],
    ]);
    expect(found?.steps.map(({ output }) => output)).toEqual([
      { isInside: true, name: 'a' },
      { isInside: false, charged: true },
      undefined,
    ]);
    for (const step of found?.steps ?? [])
      expect(step.finishedAt!.getTime()).toBeGreaterThanOrEqual(step.startedAt.getTime());
  });

  it('R1: gives the end of a saga that is over at once, and waits neither for news of it nor for the next look', async () => {
    const { sagas } = await bench.start([OrderSaga], { engine: { pollMs: 600_000 } });
    const start = { key: 'r1 over', input: { name: 'a' } };
    expect(await sagas.run(OrderSaga, start)).toEqual(PAID);
    expect(await sagas.run(OrderSaga, start)).toEqual(PAID);
  });

  it('R1: runs once for each key, also for another instance, and gives everybody the first end', async () => {
    const [one, two] = await Promise.all([bench.start([OrderSaga]), bench.start([OrderSaga])]);
    const start = { key: 'r1', input: { name: 'a' } };
    const all = [one, two, one, two].map(({ sagas }) => sagas.run(OrderSaga, start));
    expect(await Promise.all(all)).toEqual([PAID, PAID, PAID, PAID]);
    expect(await two.sagas.run(OrderSaga, start)).toEqual(PAID);
    expect(await bench.stored()).toEqual(['r1 confirm', 'r1 reserve']);
    expect(calls.filter((call) => call.includes(':r1:'))).toEqual(['charge order:r1:charge:do']);
  });

  it('R1, R16: gives everybody the failure of the first, with its cause, also after a restart', async () => {
    const one = await bench.start([OrderSaga]);
    const start = { key: 'r16', input: { name: 'a', fails: 'confirm' } };
    const error = await one.sagas.run(OrderSaga, start).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SagaFailedError);
    expect(error).toMatchObject({
      code: 'SAGA_FAILED',
      saga: 'order',
      step: 'confirm',
      state: 'compensated',
      outcome: 'not-applied',
      compensated: ['charge', 'reserve'],
      failed: [],
      cause: { message: 'confirm fails' },
    });
    expect(calls.slice(-2)).toEqual(['undo charge order:r16:charge:do true', 'undo reserve a']);
    expect(await bench.stored()).toEqual([]);
    await one.close();
    const two = await bench.start([OrderSaga]);
    const again = await two.sagas.run(OrderSaga, start).catch((thrown: unknown) => thrown);
    expect(again).toBeInstanceOf(SagaFailedError);
    expect(again).toMatchObject({
      step: 'confirm',
      compensated: ['charge', 'reserve'],
      cause: { message: 'confirm fails' },
    });
  });

  it('R2: refuses the key of a saga with another input, whatever the order of its properties', async () => {
    const { sagas } = await bench.start([OrderSaga]);
    await sagas.run(OrderSaga, { key: 'r2', input: { name: 'a', times: 1 } });
    await sagas.run(OrderSaga, { key: 'r2', input: { times: 1, name: 'a' } });
    const other = sagas.run(OrderSaga, { key: 'r2', input: { name: 'b' } });
    await expect(other).rejects.toThrow(SagaKeyConflictError);
    await expect(sagas.enqueue(OrderSaga, { key: 'r2', input: { name: 'b' } })).rejects.toThrow(
      SagaKeyConflictError,
    );
  });

  it('R4: refuses an input that would come back as something else, before anything is recorded', async () => {
    const { sagas } = await bench.start([OrderSaga]);
    const input = { name: 'a', at: new Date() };
    const refused = await sagas.run(OrderSaga, { key: 'r4', input }).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(ValidationError);
    expect((refused as Error).message).toContain('input.at');
    for (const key of ['', 'x'.repeat(256), 7 as unknown as string, 'a\0'])
      await expect(sagas.run(OrderSaga, { key, input: { name: 'a' } })).rejects.toThrow(ValidationError);
    expect(await bench.rows('saga')).toEqual([]);
  });

  it('R9: repeats a step that fails, and counts its attempts', async () => {
    const { sagas } = await bench.start([OrderSaga]);
    await sagas.run(OrderSaga, { key: 'r9', input: { name: 'a', fails: 'charge', times: 2 } });
    const found = await sagas.get('order', 'r9');
    expect(found?.steps.map(({ step, attempts }) => [step, attempts])).toEqual([
      ['reserve', 1],
      ['charge', 3],
      ['confirm', 1],
    ]);
  });

  it('R12: does not take back a tx step that was rolled back', async () => {
    const { sagas } = await bench.start([OrderSaga]);
    const before = calls.length;
    const running = sagas.run(OrderSaga, { key: 'r12', input: { name: 'a', fails: 'reserve' } });
    await expect(running).rejects.toMatchObject({ step: 'reserve', compensated: [] });
    expect(calls.slice(before)).toEqual([]);
    expect(await bench.stored()).toEqual([]);
  });

  it('R38: refuses to run inside of a transaction, and records nothing', async () => {
    const { sagas, transactions } = await bench.start([OrderSaga]);
    const inside = transactions.run(() => sagas.run(OrderSaga, { key: 'r38', input: { name: 'a' } }));
    await expect(inside).rejects.toThrow(SagaInTransactionError);
    expect(await bench.rows('saga')).toEqual([]);
  });

  it('ends the wait with the signal of the caller, and not the saga', async () => {
    const { sagas } = await bench.start([OrderSaga]);
    const controller = new AbortController();
    bench.at(({ point }) => {
      if (point === 'created') controller.abort(new Error('enough'));
    });
    const running = sagas.run(OrderSaga, { key: 'signal', input: { name: 'a' }, signal: controller.signal });
    await expect(running).rejects.toThrow('enough');
    expect(await sagas.run(OrderSaga, { key: 'signal', input: { name: 'a' } })).toEqual(PAID);
  });

  it('R1: is waited for by everybody, also where the request of the first who waits has gone', async () => {
    const ends = new Map<string, () => void>();
    @Saga('slow', { version: 1 })
    class SlowSaga {
      readonly steps = saga<null>()
        .call('wait', {
          irreversible: true,
          run: ({ key }) => new Promise<void>((resolve) => ends.set(key, resolve)),
        })
        .result(({ key }) => key);
    }
    const runner = await bench.start([SlowSaga]);
    const waiter = await bench.start([SlowSaga], { engine: { execute: false } });
    const wait = ({ sagas }: SagaInstance, key: string) => sagas.run(SlowSaga, { key, input: null });
    const running = [wait(runner, 'a'), wait(runner, 'b')];
    expect(await until(() => ends.size === 2, 5_000)).toBe(true);
    const request = new AbortController();
    const first = cancelOnAbort(request.signal, () => wait(waiter, 'a'));
    const hasAsked = async () =>
      (await bench.database.query(`SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT asked.id%'`))
        .length > 0;
    expect(await until(hasAsked, 5_000)).toBe(true);
    const second = wait(waiter, 'b');
    request.abort(new Error('The client has gone.'));
    for (const end of ends.values()) end();
    await Promise.all(running);
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  });
});

describe('a step of a saga in PostgreSQL', () => {
  it('R39: is not done where it has swallowed the failure of a statement; the saga is taken back', async () => {
    @Saga('swallow', { version: 1 })
    class SwallowSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('write', {
          attempts: 1,
          run: async () => {
            await this.db.query(`INSERT INTO category (name, slug) VALUES ('swallowed', 'swallowed')`);
            await this.db.query('SELECT 1/0').catch(() => undefined);
            return 'done';
          },
        })
        .result(({ out }) => out.write);
    }
    const { sagas } = await bench.start([SwallowSaga]);
    const running = sagas.run(SwallowSaga, { key: 'r39', input: null });
    await expect(running).rejects.toMatchObject({ step: 'write', cause: { code: 'UNEXPECTED_ROLLBACK' } });
    expect(await bench.stored()).toEqual([]);
  });

  it('is not done where it has asked for its rollback', async () => {
    @Saga('rollback', { version: 1 })
    class RollbackSaga {
      constructor(private readonly transactions: TransactionManager) {}
      readonly steps = saga<null>()
        .tx('write', {
          attempts: 1,
          run: () => {
            this.transactions.setRollbackOnly();
          },
        })
        .result(() => 'done');
    }
    const { sagas } = await bench.start([RollbackSaga]);
    const running = sagas.run(RollbackSaga, { key: 'x', input: null });
    await expect(running).rejects.toMatchObject({ step: 'write', cause: { name: 'RolledBackStepError' } });
  });

  it('R4: fails, and is rolled back, where its output would come back as something else; a call is taken back then', async () => {
    const undone: unknown[] = [];
    @Saga('outputs', { version: 1 })
    class OutputSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<'tx' | 'call'>()
        .call('call', {
          run: ({ input }) => (input === 'call' ? new Map() : 1),
          undo: (_context, result) => void undone.push(result),
        })
        .tx('tx', {
          run: async ({ input }) => {
            await this.db.query(`INSERT INTO category (name, slug) VALUES ('output', 'output')`);
            return { at: input === 'tx' ? new Date() : null };
          },
        })
        .result(({ out }) => out.tx);
    }
    const { sagas } = await bench.start([OutputSaga]);
    await expect(sagas.run(OutputSaga, { key: 'tx', input: 'tx' })).rejects.toMatchObject({
      step: 'tx',
      cause: { code: 'SAGA_OUTPUT', path: 'at' },
    });
    await expect(sagas.run(OutputSaga, { key: 'call', input: 'call' })).rejects.toMatchObject({
      step: 'call',
      compensated: ['call'],
      cause: { code: 'SAGA_OUTPUT' },
    });
    expect(undone).toEqual([1, undefined]);
    expect(await bench.stored()).toEqual([]);
  });

  it('R9: is repeated by PostgreSQL’s conflicts without counting an attempt', async () => {
    let runs = 0;
    @Saga('conflict', { version: 1 })
    class ConflictSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('write', {
          attempts: 1,
          run: async ({ attempt }) => {
            runs += 1;
            if (runs < 4) await this.db.query(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$`);
            return attempt;
          },
        })
        .result(({ out }) => out.write);
    }
    const { sagas } = await bench.start([ConflictSaga]);
    expect(await sagas.run(ConflictSaga, { key: 'x', input: null })).toBe(1);
    expect(runs).toBe(4);
  });

  it.each([
    [
      'a text that is cut in the middle of a character',
      new PermanentError(`${'x'.repeat(1_999)}😀 and more`),
    ],
    ['no text', Object.assign(new PermanentError('x'), { message: { reason: 'odd' } })],
    ['nothing that could be made a text', Object.create(null)],
  ])('R16: has failed, and is taken back, whatever it has thrown: %s', async (_what, thrown: unknown) => {
    @Saga('throwing', { version: 1 })
    class ThrowingSaga {
      readonly steps = saga<null>()
        .call('first', { run: () => undefined, undo: () => undefined })
        .tx('second', {
          attempts: 1,
          run: () => {
            throw thrown;
          },
        })
        .result(({ out }) => out.second);
    }
    const { sagas } = await bench.start([ThrowingSaga]);
    await expect(sagas.run(ThrowingSaga, { key: 'r16', input: null })).rejects.toMatchObject({
      ...{ state: 'compensated', step: 'second', compensated: ['first'], cause: thrown },
    });
    expect(await sagas.get(ThrowingSaga, 'r16')).toMatchObject({ state: 'compensated', recoveries: 0 });
  });

  it('R10: is not repeated after a permanent failure', async () => {
    let runs = 0;
    @Saga('permanent', { version: 1 })
    class PermanentSaga {
      readonly steps = saga<null>()
        .call('charge', {
          run: () => {
            runs += 1;
            throw new PermanentError('declined');
          },
          undo: () => void (runs += 100),
        })
        .result(() => undefined);
    }
    const { sagas } = await bench.start([PermanentSaga]);
    await expect(sagas.run(PermanentSaga, { key: 'x', input: null })).rejects.toMatchObject({
      compensated: [],
    });
    expect(runs).toBe(1);
  });

  it('R9, R11: is cut off when its time is up, and its transaction with it', async () => {
    @Saga('slow', { version: 1 })
    class SlowSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('sleep', { attempts: 1, timeoutMs: 100, run: () => this.db.query('SELECT pg_sleep(10)') })
        .result(() => undefined);
    }
    const { sagas } = await bench.start([SlowSaga]);
    const stopwatch = new Stopwatch();
    await expect(sagas.run(SlowSaga, { key: 'x', input: null })).rejects.toMatchObject({
      cause: { code: 'SAGA_STEP_TIMEOUT', timeoutMs: 100 },
    });
    expect(stopwatch.stop().tookMs).toBeLessThan(3_000);
  });

  it('R36: holds no connection between steps, nor while a call runs', async () => {
    @Saga('held', { version: 1 })
    class HeldSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('write', { run: () => this.db.query('SELECT 1 AS one'), undo: () => undefined })
        // With the one connection that there is.
        .call('read', { irreversible: true, run: () => this.db.query<{ two: number }>('SELECT 2 AS two') })
        .result(({ out }) => out.read);
    }
    const { sagas } = await bench.start([HeldSaga], { module: { pool: { max: 1, min: 0 } } });
    expect(await sagas.run(HeldSaga, { key: 'x', input: null })).toEqual([{ two: 2 }]);
  });
});
