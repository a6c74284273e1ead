import { describe, expect, it } from '@jest/globals';
import {
  Database,
  ephemeral,
  Saga,
  saga,
  SagaKeyConflictError,
  SagaStateError,
} from '../../../libs/database/src/index.js';
import { useSagaBench, type SagaBench } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';

let bench: SagaBench;
useSagaBench((created) => (bench = created));
const start = () => bench.start([NoteSaga], { saga: { engine: ephemeral() } });

const failing = new Set<string>();
const calls: string[] = [];

@Saga('note', { version: 1 })
class NoteSaga {
  constructor(private readonly db: Database) {}
  readonly steps = saga<{ a?: number; b?: number }>()
    .tx('write', {
      attempts: 1,
      run: async ({ key }) => {
        await this.db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [key]);
        this.failAt(`${key} write`);
        return key;
      },
      undo: ({ key }) => this.db.query('DELETE FROM category WHERE name = $1', [key]),
    })
    .tx('pivot', { pivot: true, attempts: 1, run: ({ key }) => this.failAt(`${key} pivot`) })
    .call('tell', { attempts: 1, run: ({ key }) => this.failAt(`${key} tell`) })
    .result(({ out }) => out.write);

  private failAt(place: string): void {
    calls.push(place);
    if (failing.has(place)) throw new Error(`${place} fails`);
  }
}

describe('sagas in the memory of a process', () => {
  it('R1, R2, R5: run their steps, in transactions, once for each key, and need no tables', async () => {
    const { sagas } = await start();
    expect(sagas.capabilities).toMatchObject({ durable: false, exactlyOnceSteps: false });
    expect(await sagas.run(NoteSaga, { key: 'one', input: { a: 1, b: 2 } })).toBe('one');
    expect(await sagas.run(NoteSaga, { key: 'one', input: { b: 2, a: 1 } })).toBe('one');
    expect(calls.filter((call) => call === 'one write')).toHaveLength(1);
    await expect(sagas.run(NoteSaga, { key: 'one', input: {} })).rejects.toThrow(SagaKeyConflictError);
    expect(await bench.stored()).toEqual(['one']);
    const schemas = await bench.database.query(
      "SELECT 1 FROM pg_namespace WHERE nspname = 'nestjs_database'",
    );
    expect(schemas).toEqual([]);
  });

  it('R6, R13, R16: leave nothing of a step that fails, and take back those before it', async () => {
    const { sagas } = await start();
    failing.add('first write').add('second pivot');
    const failure = { state: 'compensated', cause: { message: 'first write fails' } };
    await expect(sagas.run(NoteSaga, { key: 'first', input: {} })).rejects.toMatchObject(failure);
    await expect(sagas.run(NoteSaga, { key: 'second', input: {} })).rejects.toMatchObject({
      compensated: ['write'],
    });
    expect(await bench.stored()).toEqual([]);
  });

  it('R3: begin with the commit of the caller, and not without it', async () => {
    const { sagas, transactions } = await start();
    const enqueue = (key: string, fails: boolean) =>
      transactions.run(async () => {
        await sagas.enqueue(NoteSaga, { key, input: {} });
        if (fails) throw new Error('no');
      });
    await enqueue('gone', true).catch(() => undefined);
    await enqueue('kept', false);
    expect(await until(async () => (await sagas.get(NoteSaga, 'kept'))?.state === 'completed', 5_000)).toBe(
      true,
    );
    expect(await sagas.get(NoteSaga, 'gone')).toBeNull();
  });

  it('R31, R32: are found, retried and closed by hand when they are dead', async () => {
    const { sagas } = await start();
    for (const key of ['dead 1', 'dead 2']) {
      failing.add(`${key} tell`);
      await sagas.run(NoteSaga, { key, input: {} }).catch(() => undefined);
    }
    expect((await sagas.list({ state: 'dead', failedStep: 'tell' })).map(({ key }) => key)).toEqual([
      'dead 1',
      'dead 2',
    ]);
    failing.clear();
    await expect(sagas.retryDead('note', 'dead 1', { direction: 'back' })).rejects.toThrow(SagaStateError);
    await sagas.retryDead('note', 'dead 1');
    expect(await sagas.run(NoteSaga, { key: 'dead 1', input: {} })).toBe('dead 1');
    await sagas.resolveDead('note', 'dead 2', 'told by hand');
    expect(await sagas.get('note', 'dead 2')).toMatchObject({ state: 'compensated' });
  });
});
