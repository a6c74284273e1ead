import { Logger } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Database,
  InvalidOptionsError,
  NotConfiguredError,
  PermanentError,
  Saga,
  saga,
  SAGA_CHANNELS,
  SagaDefinitionChangedError,
  SagaNotFoundError,
  SagaService,
  SagaStateError,
  ValidationError,
  type SagaContextCarrier,
  type SagaOrphanedEvent,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../../support/database-application.js';
import { useSagaBench, type SagaBench } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';

let bench: SagaBench;
useSagaBench((created) => (bench = created));

const calls: string[] = [];
/** What the steps of a key do when they are called: `key step`. */
const acts = new Map<string, () => unknown>();
const act = async (key: string, step: string) => {
  calls.push(`${key} ${step}`);
  await acts.get(`${key} ${step}`)?.();
  return step;
};
const fail = (message: string) => () => {
  throw new Error(message);
};
const of = (key: string) =>
  calls.filter((call) => call.startsWith(`${key} `)).map((call) => call.slice(key.length + 1));

@Saga('parcel', { version: 2, deadlineMs: 60_000 })
class ParcelSaga {
  readonly steps = saga<string>()
    .tx('pack', {
      initialDelayMs: 1,
      run: ({ key }) => act(key, 'pack'),
      undo: ({ key }) => act(key, 'undo pack'),
    })
    .parallel((group) =>
      group
        .call('label', {
          attempts: 1,
          run: ({ key }) => act(key, 'label'),
          undo: ({ key }) => act(key, 'undo label'),
          undoPolicy: { attempts: 2, initialDelayMs: 1 },
        })
        .tx('weigh', {
          attempts: 1,
          run: ({ key }) => act(key, 'weigh'),
          undo: ({ key }) => act(key, 'undo weigh'),
        }),
    )
    .tx('send', { pivot: true, attempts: 1, run: ({ key }) => act(key, 'send') })
    .call('notify', { attempts: 2, initialDelayMs: 1, run: ({ key }) => act(key, 'notify') })
    .result(({ out, input }) => [input, out.pack, out.label, out.weigh, out.send, out.notify]);
}

const SENT = ['x', 'pack', 'label', 'weigh', 'send', 'notify'];

describe('a saga with a group and a pivot', () => {
  it('R37: runs the steps of a group at the same time, each with an entry of its own', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    let both = 0;
    const meet = () => {
      both += 1;
      return until(() => both === 2, 5_000);
    };
    acts.set('group label', meet).set('group weigh', meet);
    expect(await sagas.run(ParcelSaga, { key: 'group', input: 'x' })).toEqual(SENT);
    expect(both).toBe(2);
    expect((await bench.rows('saga_step')).map(({ step }) => step).toSorted()).toEqual([
      'label',
      'notify',
      'pack',
      'send',
      'weigh',
    ]);
  });

  it('R13, R37: takes back what was done before a group that fails, and what of it was done', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    acts.set('back label', () => {
      throw new PermanentError('no printer');
    });
    await expect(sagas.run(ParcelSaga, { key: 'back', input: 'x' })).rejects.toMatchObject({
      step: 'label',
      compensated: ['weigh', 'pack'],
    });
    expect(of('back').slice(-2)).toEqual(['undo weigh', 'undo pack']);
  });

  it('R17, R31: is dead when a step after its pivot fails for good, and goes on with it when it is retried', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    acts.set('pivot notify', fail('mail is down'));
    await expect(sagas.run(ParcelSaga, { key: 'pivot', input: 'x' })).rejects.toMatchObject({
      state: 'dead',
      step: 'notify',
      compensated: [],
      cause: { message: 'mail is down' },
    });
    expect(of('pivot').slice(-3)).toEqual(['send', 'notify', 'notify']);
    await expect(sagas.retryDead(ParcelSaga, 'pivot', { direction: 'back' })).rejects.toThrow(SagaStateError);
    acts.delete('pivot notify');
    await sagas.retryDead(ParcelSaga, 'pivot', { note: 'mail is up' });
    expect(await sagas.run(ParcelSaga, { key: 'pivot', input: 'x' })).toEqual(SENT);
    expect(of('pivot').slice(-2)).toEqual(['notify', 'notify']);
    expect(await sagas.get(ParcelSaga, 'pivot')).toMatchObject({
      state: 'completed',
      error: undefined,
      audit: [{ action: 'retried', note: 'mail is up' }],
    });
  });

  it('R15, R31: is dead when an undo fails for good, with the list; the others are taken back all the same', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    acts.set('undo send', fail('no van')).set('undo undo label', fail('no bin'));
    await expect(sagas.run(ParcelSaga, { key: 'undo', input: 'x' })).rejects.toMatchObject({
      state: 'dead',
      outcome: 'unknown',
      step: 'send',
      failed: [{ step: 'label', error: { message: 'no bin' } }],
      cause: { message: 'no van' },
    });
    expect(await sagas.get(ParcelSaga, 'undo')).toMatchObject({
      state: 'dead',
      failedStep: 'send',
      error: { message: 'no van' },
    });
    expect(of('undo').toSorted()).toEqual(
      ['pack', 'label', 'weigh', 'send', 'undo label', 'undo label', 'undo weigh', 'undo pack'].toSorted(),
    );
    await expect(sagas.retryDead(ParcelSaga, 'undo', { direction: 'forward' })).rejects.toThrow(
      SagaStateError,
    );
    acts.delete('undo undo label');
    await sagas.retryDead(ParcelSaga, 'undo');
    await expect(sagas.run(ParcelSaga, { key: 'undo', input: 'x' })).rejects.toMatchObject({
      state: 'compensated',
      failed: [],
      cause: { message: 'no van' },
    });
    expect(of('undo').at(-1)).toBe('undo label');
  });

  it('R31: is closed by hand with a note, and by nobody else’s', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    acts.set('hand notify', fail('mail is down'));
    await sagas.run(ParcelSaga, { key: 'hand', input: 'x' }).catch(() => undefined);
    await expect(sagas.resolveDead('parcel', 'hand', ' ')).rejects.toThrow(ValidationError);
    await expect(sagas.resolveDead('parcel', 'nobody', 'x')).rejects.toThrow(SagaNotFoundError);
    await sagas.resolveDead('parcel', 'hand', 'written a letter');
    expect(await sagas.get('parcel', 'hand')).toMatchObject({
      state: 'compensated',
      audit: [{ action: 'resolved', note: 'written a letter', at: expect.any(Date) }],
    });
    await expect(sagas.resolveDead('parcel', 'hand', 'x')).rejects.toThrow(SagaStateError);
    await expect(sagas.retryDead('parcel', 'hand')).rejects.toThrow(SagaStateError);
  });

  it('R16, R31: is not said to be as if nothing had happened when it was closed by hand behind its pivot', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    acts.set('closed notify', fail('mail is down'));
    const run = () => sagas.run(ParcelSaga, { key: 'closed', input: 'x' });
    await expect(run()).rejects.toMatchObject({ state: 'dead', outcome: 'unknown', resolution: undefined });
    await sagas.resolveDead('parcel', 'closed', 'written a letter');
    await expect(run()).rejects.toMatchObject({
      state: 'compensated',
      outcome: 'unknown',
      resolution: 'written a letter',
      message: expect.stringContaining('closed by hand'),
    });
  });

  it('R29: is taken back when its deadline passes before its pivot', async () => {
    @Saga('late', { version: 1, deadlineMs: 300 })
    class LateSaga {
      readonly steps = saga<null>()
        .tx('first', { run: ({ key }) => act(key, 'first'), undo: ({ key }) => act(key, 'undo first') })
        .call('wait', { irreversible: true, run: ({ key }) => act(key, 'wait') })
        .tx('never', { run: ({ key }) => act(key, 'never') })
        .result(() => undefined);
    }
    const { sagas } = await bench.start([LateSaga]);
    acts.set('late wait', () => until(() => false, 400));
    await expect(sagas.run(LateSaga, { key: 'late', input: null })).rejects.toMatchObject({
      state: 'compensated',
      step: undefined,
      cause: { code: 'SAGA_STOPPED', why: 'late' },
    });
    expect(of('late')).toEqual(['first', 'wait', 'undo first']);
  });

  it('R29: is dead when its deadline passes behind its pivot while a step fails, and the log says so; retried it has none', async () => {
    @Saga('late-mail', { version: 1, deadlineMs: 500 })
    class LateMailSaga {
      readonly steps = saga<null>()
        .tx('send', { pivot: true, run: ({ key }) => act(key, 'send') })
        .call('mail', {
          attempts: 1_000,
          initialDelayMs: 20,
          maxDelayMs: 20,
          run: ({ key }) => act(key, 'mail'),
        })
        .call('note', { run: ({ key }) => act(key, 'note') })
        .result(({ out }) => out.mail);
    }
    const warnings: string[] = [];
    const log = jest
      .spyOn(Logger, 'warn')
      .mockImplementation((line: unknown) => void warnings.push(String(line)));
    try {
      const { sagas } = await bench.start([LateMailSaga]);
      acts.set('mail mail', fail('mail is down'));
      await expect(sagas.run(LateMailSaga, { key: 'mail', input: null })).rejects.toMatchObject({
        state: 'dead',
        step: 'mail',
        compensated: [],
        cause: { code: 'SAGA_STOPPED', why: 'late', cause: { message: 'mail is down' } },
      });
      expect(of('mail').length).toBeGreaterThan(2);
      expect(of('mail')).not.toContain('note');
      expect(bench.points('mail').slice(-2)).toEqual(['dead moving', 'dead moved']);
      const alarm = 'saga=late-mail, key=mail, step=mail, error=SagaStoppedError SAGA_STOPPED';
      expect(warnings.filter((line) => line.includes(alarm))).toHaveLength(1);
      acts.delete('mail mail');
      await sagas.retryDead(LateMailSaga, 'mail');
      expect(await sagas.run(LateMailSaga, { key: 'mail', input: null })).toBe('mail');
    } finally {
      log.mockRestore();
    }
  });

  it('R29: goes on behind its pivot, late or not, for as long as nothing fails', async () => {
    @Saga('late-well', { version: 1, deadlineMs: 50 })
    class LateWellSaga {
      readonly steps = saga<null>()
        .tx('send', {
          pivot: true,
          run: async ({ key, signal }) => {
            const started = performance.now();
            await until(() => performance.now() - started > 60 || signal.aborted, 5_000);
            return await act(key, 'send');
          },
        })
        .call('mail', { run: ({ key }) => act(key, 'mail') })
        .result(({ out }) => out.mail);
    }
    const { sagas } = await bench.start([LateWellSaga]);
    expect(await sagas.run(LateWellSaga, { key: 'well', input: null })).toBe('mail');
  });

  it('R30: is taken back before its next step when another instance cancels it; its undo is not disturbed', async () => {
    const one = await bench.start([ParcelSaga], { engine: { leaseMs: 600 } });
    const two = await bench.start([ParcelSaga]);
    expect(await two.sagas.cancel(ParcelSaga, 'cancel')).toBe(false);
    acts.set('cancel pack', async () => {
      expect(await two.sagas.cancel(ParcelSaga, 'cancel')).toBe(true);
      expect(await two.sagas.get('parcel', 'cancel')).toMatchObject({ cancelRequested: true });
    });
    await expect(one.sagas.run(ParcelSaga, { key: 'cancel', input: 'x' })).rejects.toMatchObject({
      state: 'compensated',
      cause: { code: 'SAGA_STOPPED', why: 'cancelled' },
    });
    // Nor does whoever was not there miss why it has ended.
    await expect(two.sagas.run(ParcelSaga, { key: 'cancel', input: 'x' })).rejects.toMatchObject({
      cause: { name: 'SagaStoppedError', why: 'cancelled' },
    });
    expect(of('cancel')).toEqual(['pack', 'undo pack']);
    expect(await two.sagas.cancel(ParcelSaga, 'cancel')).toBe(false);
  });

  it('R30: goes on behind its pivot, cancelled or not', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    acts.set('behind send', () => sagas.cancel(ParcelSaga, 'behind'));
    // Inside of the step's transaction, the wish is there with its commit.
    expect(await sagas.run(ParcelSaga, { key: 'behind', input: 'x' })).toEqual(SENT);
  });
});

describe('the list of sagas', () => {
  it('R32: finds them by state, name, failed step and how long nothing has happened, a page at a time', async () => {
    const { sagas } = await bench.start([ParcelSaga]);
    for (const key of ['l1', 'l2', 'l3']) await sagas.run(ParcelSaga, { key, input: 'x' });
    acts.set('l4 notify', fail('mail is down'));
    await sagas.run(ParcelSaga, { key: 'l4', input: 'x' }).catch(() => undefined);
    const keys = async (filter?: Parameters<SagaService['list']>[0]) =>
      (await sagas.list(filter)).map(({ key }) => key);
    expect(await keys()).toEqual(['l1', 'l2', 'l3', 'l4']);
    expect(await keys({ state: 'dead' })).toEqual(['l4']);
    expect(await keys({ state: ['dead', 'running'], failedStep: 'notify', name: 'parcel' })).toEqual(['l4']);
    expect(await keys({ name: 'other' })).toEqual([]);
    expect(await keys({ idleForMs: 60_000 })).toEqual([]);
    const [first, second] = await sagas.list({ limit: 2 });
    expect(await keys({ after: second!.id })).toEqual(['l3', 'l4']);
    expect(first).toMatchObject({ key: 'l1', state: 'completed', version: 2 });
    for (const filter of [{ state: 'done' }, { limit: 0 }, { after: '7' }, { stat: 'dead' }] as object[])
      await expect(sagas.list(filter)).rejects.toThrow(ValidationError);
  });

  it('R34: forgets what has ended when its time is up, and never what is dead', async () => {
    const { sagas } = await bench.start([ParcelSaga], { engine: { retentionMs: 1_000 } });
    await sagas.run(ParcelSaga, { key: 'old', input: 'x' });
    acts.set('dead notify', fail('mail is down'));
    await sagas.run(ParcelSaga, { key: 'dead', input: 'x' }).catch(() => undefined);
    const left = async () => (await sagas.list()).map(({ key }) => key);
    expect(await until(async () => !(await left()).includes('old'), 10_000)).toBe(true);
    expect(await left()).toEqual(['dead']);
    expect(new Set((await bench.rows('saga_step')).map(({ saga_id }) => saga_id)).size).toBe(1);
  });
});

describe('the removal of old sagas', () => {
  it('R19, R34: lets those in between that wait to be run, however many there are', async () => {
    const one = await bench.start([ParcelSaga], { engine: { execute: false } });
    const old = `INSERT INTO nestjs_database.saga (id, name, version, fingerprint, key, state, finished_at)
      SELECT gen_random_uuid(), 'parcel', 2, '', 'old ' || n, 'completed', now() - interval '1 year' FROM generate_series(1, 2500) AS n`;
    await bench.database.query(old);
    const { transactions, db, sagas } = one;
    // Its second thousand waits for this test.
    await db.query(`CREATE FUNCTION nestjs_database.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT count(*) FROM nestjs_database.saga WHERE state = 'completed') < 2000 THEN PERFORM pg_advisory_xact_lock(34); END IF;
      RETURN NULL; END $$`);
    await db.query(`CREATE TRIGGER hold BEFORE DELETE ON nestjs_database.saga
      FOR EACH STATEMENT EXECUTE FUNCTION nestjs_database.hold()`);
    await sagas.enqueue(ParcelSaga, { key: 'waits', input: 'x' });
    await transactions.run(
      async () => {
        await db.query('SELECT pg_advisory_xact_lock(34)');
        await bench.start([ParcelSaga], { engine: { retentionMs: 1_000 } });
        expect(await until(() => calls.includes('waits pack'), 5_000)).toBe(true);
      },
      { timeoutMs: 20_000 },
    );
    const left = async () => (await sagas.list({ name: 'parcel', limit: 10 })).map(({ key }) => key);
    expect(await until(async () => (await left()).every((key) => key === 'waits'), 10_000)).toBe(true);
  });
});

describe('a definition', () => {
  @Saga('parcel', { version: 2 })
  class ChangedSaga {
    readonly steps = saga<string>()
      .tx('pack', { run: () => 'packed', undo: () => undefined })
      .tx('send', { run: () => 'sent' })
      .result(({ out }) => out.send);
  }
  @Saga('parcel', { version: 3 })
  class NewerSaga {
    readonly steps = saga<string>()
      .tx('pack', { run: () => 'packed', undo: () => undefined })
      .tx('send', { run: () => 'sent' })
      .result(({ out }) => out.send);
  }

  it('R27: is refused at the start when its steps have changed under the same version; a new version is not', async () => {
    const one = await bench.start([ParcelSaga]);
    await one.close();
    await expect(bench.start([ChangedSaga])).rejects.toThrow(SagaDefinitionChangedError);
    const two = await bench.start([ParcelSaga, NewerSaga]);
    expect(await two.sagas.run(NewerSaga, { key: 'new', input: 'x' })).toBe('sent');
    expect(await two.sagas.run(ParcelSaga, { key: 'old', input: 'x' })).toEqual(SENT);
  });

  it('R27, R28: leaves alone what it does not know, shows it as orphaned, and says so', async () => {
    const orphaned: SagaOrphanedEvent[] = [];
    const listen = (event: unknown) => void orphaned.push(event as SagaOrphanedEvent);
    subscribe(SAGA_CHANNELS.orphaned, listen);
    const newer = await bench.start([NewerSaga], { engine: { execute: false } });
    await newer.sagas.enqueue(NewerSaga, { key: 'newer', input: 'x' });
    const older = await bench.start([ParcelSaga], { engine: { leaseMs: 100 } });
    expect(await until(() => orphaned.length > 0, 10_000)).toBe(true);
    unsubscribe(SAGA_CHANNELS.orphaned, listen);
    expect(orphaned[0]).toEqual({ connection: 'default', saga: 'parcel', version: 3, count: 1 });
    expect(await older.sagas.list({ orphaned: true })).toMatchObject([
      { key: 'newer', orphaned: true, state: 'running' },
    ]);
    expect(await newer.sagas.list({ orphaned: true })).toEqual([]);
    const last = await bench.start([ParcelSaga, NewerSaga]);
    expect(await last.sagas.run(NewerSaga, { key: 'newer', input: 'x' })).toBe('sent');
  });

  it('is refused where it is none, or there twice, or without the option', async () => {
    @Saga('none', { version: 1 })
    class NoSteps {}
    @Saga('parcel', { version: 3 })
    class Twin extends NewerSaga {}
    await expect(bench.start([NoSteps])).rejects.toThrow(InvalidOptionsError);
    await expect(bench.start([NewerSaga, Twin])).rejects.toThrow(/two classes/);
    const without = startApplication({ imports: [databaseModule(bench.database)], providers: [ParcelSaga] });
    await expect(without).rejects.toThrow(/ParcelSaga is a saga/);
    class Needs {
      constructor(readonly sagas: SagaService) {}
    }
    const injected = startApplication({
      imports: [databaseModule(bench.database)],
      providers: [
        { provide: Needs, inject: [SagaService], useFactory: (sagas: SagaService) => new Needs(sagas) },
      ],
    });
    await expect(injected).rejects.toThrow(NotConfiguredError);
    expect(() => Saga('Not A Name', { version: 0 })(class Wrong {})).toThrow(InvalidOptionsError);
  });
});

describe('the context of the caller', () => {
  it('R35: is with the saga wherever it runs', async () => {
    const tenant = new AsyncLocalStorage<string>();
    const carrier: SagaContextCarrier = {
      capture: () => ({ tenant: tenant.getStore() ?? null }),
      restore: (context, work) => tenant.run((context as { tenant: string }).tenant, work),
    };
    const seen: (string | undefined)[] = [];
    @Saga('tenant', { version: 1 })
    class TenantSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('look', {
          run: async () => {
            await this.db.query('SELECT 1');
            seen.push(tenant.getStore());
          },
        })
        .result(() => undefined);
    }
    const { engine } = { engine: { execute: false } };
    const one = await bench.start([TenantSaga], { engine, saga: { context: carrier } });
    await tenant.run('seven', () => one.sagas.enqueue(TenantSaga, { key: 'enqueued', input: null }));
    await tenant.run('eight', () => one.sagas.run(TenantSaga, { key: 'run', input: null }));
    const two = await bench.start([TenantSaga], { saga: { context: carrier } });
    await tenant.run('nine', () => two.sagas.run(TenantSaga, { key: 'enqueued', input: null }));
    expect(seen).toEqual(['eight', 'seven']);
  });
});
