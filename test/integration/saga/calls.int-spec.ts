import { describe, expect, it } from '@jest/globals';
import { Saga, saga } from '../../../libs/database/src/index.js';
import { useSagaBench, type SagaBench } from '../../support/saga/saga-bench.js';
import { until } from '../../support/until.js';

let bench: SagaBench;
useSagaBench((created) => (bench = created));

/** What another system was asked for: the step, its key, and for an undo that of the call, and what it has returned. */
const asked: string[] = [];
const of = (key: string) => asked.filter((line) => line.includes(`:${key}:`));
/** What happens to a call, by the key of the saga and the name of the step. */
const fates = new Map<string, (signal: AbortSignal) => unknown>();

@Saga('ring', { version: 1 })
class RingSaga {
  readonly steps = saga<null>()
    .call('first', {
      attempts: 3,
      initialDelayMs: 1,
      timeoutMs: 300,
      run: async ({ key, idempotencyKey, signal }) => {
        asked.push(`first ${idempotencyKey}`);
        await fates.get(`${key} first`)?.(signal);
        return 'rung';
      },
      undo: async ({ key, idempotencyKey, doKey, signal }, result) => {
        asked.push(`undo first ${idempotencyKey} ${doKey} ${String(result)}`);
        await fates.get(`${key} undo first`)?.(signal);
      },
      undoPolicy: { initialDelayMs: 1 },
    })
    .call('second', {
      attempts: 1,
      irreversible: true,
      run: async ({ key, idempotencyKey, signal }) => {
        asked.push(`second ${idempotencyKey}`);
        await fates.get(`${key} second`)?.(signal);
      },
    })
    .result(({ out }) => out.first);
}

/** Fails so often. */
const times = (count: number) => {
  let failures = 0;
  return () => {
    failures += 1;
    if (failures <= count) throw new Error(`failure ${failures}`);
  };
};
/** Makes somebody else go on with it, as if the process that makes the call had died in the middle of it. */
const leaveTo = (key: string) => async (signal: AbortSignal) => {
  fates.delete(`${key} first`);
  await bench.database.query(
    `WITH taken AS (UPDATE nestjs_database.saga SET fence = fence + 1 WHERE key = $1 RETURNING id)
     UPDATE nestjs_database.saga_lease l SET owner = gen_random_uuid(), due_at = clock_timestamp()
       FROM taken WHERE l.saga_id = taken.id`,
    [key],
  );
  await untilAborted(signal);
};
const untilAborted = (signal: AbortSignal) => until(() => signal.aborted, 10_000);

describe('a call', () => {
  it('R7: has one key for all attempts and for every process, and its undo another one and the first as well', async () => {
    const one = await bench.start([RingSaga], { engine: { execute: false } });
    fates.set('keys first', times(2)).set('keys second', times(1)).set('keys undo first', times(1));
    await one.sagas.run(RingSaga, { key: 'keys', input: null }).catch(() => undefined);
    expect(of('keys')).toEqual([
      ...Array<string>(3).fill('first ring:keys:first:do'),
      'second ring:keys:second:do',
      ...Array<string>(2).fill('undo first ring:keys:first:undo ring:keys:first:do rung'),
    ]);
    const two = await bench.start([RingSaga]);
    fates.set('left first', leaveTo('left'));
    expect(await one.sagas.run(RingSaga, { key: 'left', input: null })).toBe('rung');
    expect(of('left')).toEqual([
      ...Array<string>(2).fill('first ring:left:first:do'),
      'second ring:left:second:do',
    ]);
    await two.close();
  });

  it('R11, R12: that is late has an outcome that nobody knows: it is made again, then taken back without its result', async () => {
    const { sagas } = await bench.start([RingSaga]);
    fates.set('late first', untilAborted);
    await expect(sagas.run(RingSaga, { key: 'late', input: null })).rejects.toMatchObject({
      state: 'compensated',
      step: 'first',
      compensated: ['first'],
      cause: { code: 'SAGA_STEP_TIMEOUT', outcome: 'unknown', timeoutMs: 300 },
    });
    expect(of('late')).toEqual([
      ...Array<string>(3).fill('first ring:late:first:do'),
      'undo first ring:late:first:undo ring:late:first:do undefined',
    ]);
    const found = await sagas.get(RingSaga, 'late');
    expect(found?.steps.map(({ step, direction, state }) => [step, direction, state])).toEqual([
      ['first', 'do', 'started'],
      ['first', 'undo', 'done'],
    ]);
  });

  it('R12: is taken back by another process that does not know what it has returned', async () => {
    const one = await bench.start([RingSaga], { engine: { execute: false } });
    const { sagas } = await bench.start([RingSaga]);
    fates.set('unknown first', async (signal) => {
      await sagas.cancel(RingSaga, 'unknown');
      await leaveTo('unknown')(signal);
    });
    await expect(one.sagas.run(RingSaga, { key: 'unknown', input: null })).rejects.toMatchObject({
      state: 'compensated',
      compensated: ['first'],
      cause: { code: 'SAGA_STOPPED' },
    });
    expect(of('unknown')).toEqual([
      'first ring:unknown:first:do',
      'undo first ring:unknown:first:undo ring:unknown:first:do undefined',
    ]);
  });

  it('R8: is not made again because the saga can make no result of it, and is taken back with what it has returned', async () => {
    @Saga('unfit', { version: 1 })
    class UnfitSaga {
      readonly steps = saga<null>()
        .call('only', {
          initialDelayMs: 1,
          run: ({ idempotencyKey }) => asked.push(`only ${idempotencyKey}`),
          undo: ({ doKey }, result) => void asked.push(`undo ${doKey} ${String(result)}`),
        })
        .result(() => {
          throw new Error('no result');
        });
    }
    const { sagas } = await bench.start([UnfitSaga]);
    const before = asked.length;
    await expect(sagas.run(UnfitSaga, { key: 'unfit', input: null })).rejects.toMatchObject({
      state: 'compensated',
      step: undefined,
      compensated: ['only'],
      cause: { message: 'no result' },
    });
    expect(of('unfit')).toEqual(['only unfit:unfit:only:do', `undo unfit:unfit:only:do ${before + 1}`]);
  });
});
