import { describe, expect, it } from '@jest/globals';
import { Database, Saga, saga, SerializationFailureError } from '../../../libs/database/src/index.js';
import { useSagaBench, type SagaBench } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';

let bench: SagaBench;
useSagaBench((created) => (bench = created));

/** Who has read who is on call, and how often each step has begun. */
const reads: string[] = [];
const levels: string[] = [];

/** Lets a doctor go home where another one stays: right for each alone, and wrong for two at the same time. */
function goHome(db: Database, id: string): () => Promise<string> {
  return async () => {
    levels.push(await levelOf(db));
    const onCall = await db.query('SELECT id FROM doctor WHERE on_call');
    reads.push(id);
    // The first time both have read before one of them writes.
    await until(() => reads.length >= 2, 5_000);
    if (onCall.length < 2) return 'stays';
    await db.query('UPDATE doctor SET on_call = false WHERE id = $1', [id]);
    return 'goes';
  };
}
async function levelOf(db: Database): Promise<string> {
  const [row] = await db.query<{ level: string }>(`SELECT current_setting('transaction_isolation') AS level`);
  return row!.level;
}

@Saga('leave-carelessly', { version: 1 })
class CarelessSaga {
  constructor(private readonly db: Database) {}
  readonly steps = saga<string>()
    .tx('go', { attempts: 1, run: ({ input }) => goHome(this.db, input)() })
    .result(({ out }) => out.go);
}
@Saga('leave', { version: 1 })
class LeaveSaga {
  constructor(private readonly db: Database) {}
  readonly steps = saga<string>()
    .tx('go', {
      attempts: 1,
      isolationLevel: 'Serializable',
      run: ({ input }) => goHome(this.db, input)(),
    })
    .result(({ out }) => out.go);
}

const ALL = ['ann', 'bob'];
const stayOn = async () => {
  reads.length = levels.length = 0;
  await bench.database.query('DROP TABLE IF EXISTS doctor');
  await bench.database.query('CREATE TABLE doctor (id text PRIMARY KEY, on_call boolean NOT NULL)');
  await bench.database.query('INSERT INTO doctor SELECT id, true FROM unnest($1::text[]) AS id', [ALL]);
};
const onCall = async () => (await bench.database.query('SELECT 1 FROM doctor WHERE on_call')).length;

describe('the isolation of a step', () => {
  it('R9: keeps two sagas from deciding on what the other one changes; what PostgreSQL rolls back is no attempt', async () => {
    const { sagas } = await bench.start([CarelessSaga, LeaveSaga]);
    await stayOn();
    const careless = ALL.map((id) => sagas.run(CarelessSaga, { key: id, input: id }));
    expect(await Promise.all(careless)).toEqual(['goes', 'goes']);
    expect(await onCall()).toBe(0);

    await stayOn();
    const careful = ALL.map((id) => sagas.run(LeaveSaga, { key: id, input: id }));
    expect((await Promise.all(careful)).toSorted()).toEqual(['goes', 'stays']);
    expect(await onCall()).toBe(1);
    expect(new Set(levels)).toEqual(new Set(['serializable']));
    expect(reads.length).toBeGreaterThan(2);
    for (const id of ALL)
      expect((await sagas.get(LeaveSaga, id))?.steps.map(({ attempts }) => attempts)).toEqual([1]);
  });

  it('R9: is that of its undo as well, and of no other step', async () => {
    const seen: string[] = [];
    @Saga('levels', { version: 1 })
    class LevelSaga {
      constructor(private readonly db: Database) {}
      private readonly note = async (what: string) => void seen.push(`${what} ${await levelOf(this.db)}`);
      readonly steps = saga<null>()
        .tx('one', {
          isolationLevel: 'RepeatableRead',
          run: () => this.note('one'),
          undo: () => this.note('undo one'),
        })
        .tx('two', {
          attempts: 1,
          run: async () => {
            await this.note('two');
            throw new Error('no');
          },
        })
        .result(() => undefined);
    }
    const { sagas } = await bench.start([LevelSaga]);
    await sagas.run(LevelSaga, { key: 'x', input: null }).catch(() => undefined);
    expect(seen).toEqual(['one repeatable read', 'two read committed', 'undo one repeatable read']);
  });

  it('R9: counts no attempt for conflicts, however many, and also where the budget for repetitions is empty', async () => {
    let runs = 0;
    @Saga('busy', { version: 1 })
    class BusySaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('write', {
          attempts: 1,
          run: async ({ attempt }) => {
            runs += 1;
            if (runs < 6) await this.db.query(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$`);
            return attempt;
          },
        })
        .result(({ out }) => out.write);
    }
    const module = { transaction: { retryBudget: { percent: 0, minPerSecond: 0 } } };
    const { sagas, db, transactions } = await bench.start([BusySaga], { module });
    // Nothing is repeated there.
    let others = 0;
    const other = transactions.run(async () => {
      others += 1;
      await db.query(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$`);
    });
    await expect(other).rejects.toThrow(SerializationFailureError);
    expect(others).toBe(1);
    expect(await sagas.run(BusySaga, { key: 'x', input: null })).toBe(1);
    expect(runs).toBe(6);
  });

  it('R19: leaves the lease of a saga that reads a snapshot in its last step to run out, whoever has chosen the level', async () => {
    let beats = 0;
    @Saga('snapshot', { version: 1 })
    class SnapshotSaga {
      constructor(private readonly db: Database) {}
      readonly steps = saga<null>()
        .tx('read', {
          attempts: 1,
          run: async () => {
            const level = await levelOf(this.db);
            const before = beats;
            expect(await until(() => beats > before + 1, 10_000)).toBe(true);
            return level;
          },
        })
        .result(({ out }) => out.read);
    }
    bench.at(({ point }) => void (beats += point === 'beat' ? 1 : 0));
    // Of the role, and not of the application.
    const { rows } = {
      rows: await bench.database.query<{ name: string }>('SELECT current_database() AS name'),
    };
    const alter = (sql: string) => bench.database.query(`ALTER DATABASE "${rows[0]!.name}" ${sql}`);
    await alter(`SET default_transaction_isolation = 'repeatable read'`);
    try {
      const { sagas } = await bench.start([SnapshotSaga], { engine: { leaseMs: 300 } });
      expect(await sagas.run(SnapshotSaga, { key: 'x', input: null })).toBe('repeatable read');
      expect(bench.points('x').filter((point) => point === 'do read running')).toHaveLength(1);
      expect(await until(async () => (await bench.rows('saga_lease')).length === 0, 5_000)).toBe(true);
    } finally {
      await alter('RESET default_transaction_isolation');
    }
  });
});
