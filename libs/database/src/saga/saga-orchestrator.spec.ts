import { describe, expect, it, jest } from '@jest/globals';
import { InMemorySagaJournal, type InMemorySaga } from './in-memory-saga.journal.js';
import { saga } from './saga-builder.js';
import { SagaAbandonedError, type SagaRecord } from './saga-journal.port.js';
import { SagaOrchestrator } from './saga-orchestrator.js';
import type { SagaPlan } from './saga-plan.js';
import { PermanentError, StepTimeoutError } from './saga.errors.js';

const QUICK = { initialDelayMs: 0, maxDelayMs: 0 };

function journalOf(change: Partial<InMemorySaga> = {}): InMemorySagaJournal {
  return new InMemorySagaJournal({
    name: 'order',
    key: '7',
    input: 5,
    state: 'running',
    ...change,
  });
}

async function run(plan: SagaPlan<number, unknown>, journal = journalOf()): Promise<SagaRecord> {
  return await new SagaOrchestrator(plan as SagaPlan<unknown, unknown>, journal).run();
}

/** Three steps that note what they do; each may be told to fail. */
function threeSteps(failures: Readonly<Record<string, () => unknown>> = {}, journal = journalOf()) {
  const log: string[] = [];
  const act = (name: string) => () => {
    log.push(name);
    failures[name]?.();
    return `${name} done`;
  };
  const plan = saga<number>()
    .tx('reserve', {
      ...QUICK,
      run: act('reserve'),
      undo: (_context, result) => void act(`undo reserve (${result})`)(),
    })
    .call('charge', {
      ...QUICK,
      run: act('charge'),
      undo: (_context, result) => void act(`undo charge (${String(result)})`)(),
      undoPolicy: { ...QUICK, attempts: 2 },
    })
    .tx('confirm', { ...QUICK, run: act('confirm') })
    .result(({ out, input }) => [input, out.reserve, out.charge, out.confirm]);
  return { log, plan, journal };
}

const fail = (message: string) => () => {
  throw new Error(message);
};
const refuse = () => {
  throw new PermanentError('declined');
};

describe('a saga', () => {
  it('R5: runs its steps in their order, and the results of the steps make its own', async () => {
    const { plan, log } = threeSteps();
    expect(await run(plan)).toMatchObject({
      state: 'completed',
      result: [5, 'reserve done', 'charge done', 'confirm done'],
    });
    expect(log).toEqual(['reserve', 'charge', 'confirm']);
  });

  it('R16: tells every undo why the saga goes back: with the failure itself, or with what the journal has of it', async () => {
    const told: unknown[] = [];
    const failure = new PermanentError('declined');
    const plan = saga<number>()
      .tx('reserve', { ...QUICK, run: () => 1, undo: (context) => void told.push(context.failure) })
      .call('hold', { ...QUICK, run: () => 2, undo: (context) => void told.push(context.failure) })
      .call('charge', { ...QUICK, irreversible: true, run: () => Promise.reject(failure) })
      .result(() => null);
    await run(plan);
    expect(told).toEqual([failure, failure]);
  });

  it('R8: does no step again that the journal has as done', async () => {
    const { plan, log, journal } = threeSteps();
    const start = { step: 'reserve', direction: 'do', attempt: 1, order: 1 } as const;
    await journal.done(start, 'reserved before');
    expect(await run(plan, journal)).toMatchObject({
      result: [5, 'reserved before', 'charge done', 'confirm done'],
    });
    expect(log).toEqual(['charge', 'confirm']);
  });

  it('R9, R10: tries a step as often as its policy says, and no second time after a permanent failure', async () => {
    const often = threeSteps({ charge: fail('busy') });
    expect(await run(often.plan)).toMatchObject({ state: 'compensated', step: 'charge' });
    expect(often.log.filter((line) => line === 'charge')).toHaveLength(3);
    const once = threeSteps({ charge: refuse });
    expect(await run(once.plan)).toMatchObject({ state: 'compensated', error: expect.any(PermanentError) });
    expect(once.log.filter((line) => line === 'charge')).toHaveLength(1);
  });

  it('R12: takes back a call whose outcome nobody knows, and neither a refused one nor a transaction that was rolled back', async () => {
    const inDoubt = threeSteps({ charge: fail('no answer') });
    await run(inDoubt.plan);
    expect(inDoubt.log.slice(-2)).toEqual(['undo charge (undefined)', 'undo reserve (reserve done)']);
    const refused = threeSteps({ charge: refuse });
    await run(refused.plan);
    expect(refused.log.slice(1)).toEqual(['charge', 'undo reserve (reserve done)']);
    const rolledBack = threeSteps({ reserve: fail('no stock') });
    await run(rolledBack.plan);
    expect(new Set(rolledBack.log)).toEqual(new Set(['reserve']));
  });

  it('R11: takes a call that is late for one whose outcome nobody knows, and tells it by its signal', async () => {
    const reasons: unknown[] = [];
    const undone: unknown[] = [];
    const plan = saga<number>()
      .call('charge', {
        attempts: 1,
        timeoutMs: 20,
        run: ({ signal }) =>
          new Promise<string>(() => {
            signal.addEventListener('abort', () => reasons.push(signal.reason));
          }),
        undo: (_context, result) => void undone.push(result),
      })
      .result(() => undefined);
    expect(await run(plan)).toMatchObject({ state: 'compensated', error: expect.any(StepTimeoutError) });
    expect(reasons).toEqual([expect.any(StepTimeoutError)]);
    expect(undone).toEqual([undefined]);
  });

  it('R7: hands a call the same key at each attempt, another one to its undo, and that one the first key as well', async () => {
    const keys: string[] = [];
    const plan = saga<number>()
      .call('charge', {
        ...QUICK,
        run: ({ idempotencyKey }) => {
          keys.push(idempotencyKey);
          throw new Error('busy');
        },
        undo: ({ idempotencyKey, doKey }) => void keys.push(idempotencyKey, doKey),
      })
      .result(() => undefined);
    await run(plan);
    const [first, , , undo, doKey] = keys;
    expect(keys).toEqual([first, first, first, undo, first]);
    expect(undo).not.toBe(doKey);
  });

  it('R14, R15: tries an undo by a policy of its own, and a failing one leaves the saga dead without stopping the others', async () => {
    const { plan, log } = threeSteps({
      confirm: fail('closed'),
      'undo charge (charge done)': fail('gateway away'),
    });
    const record = await run(plan);
    expect(record.state).toBe('dead');
    expect(log.slice(-3)).toEqual([
      'undo charge (charge done)',
      'undo charge (charge done)',
      'undo reserve (reserve done)',
    ]);
    expect(
      record.entries.filter(({ direction }) => direction === 'undo').map(({ step, state }) => [step, state]),
    ).toEqual([
      ['charge', 'failed'],
      ['reserve', 'done'],
    ]);
  });

  it('R14: tries an undo no second time after a permanent failure, and leaves it to somebody at once', async () => {
    const { plan, log } = threeSteps({ charge: fail('no answer'), 'undo charge (undefined)': refuse });
    expect(await run(plan)).toMatchObject({ state: 'dead', step: 'charge' });
    expect(log.slice(-2)).toEqual(['undo charge (undefined)', 'undo reserve (reserve done)']);
    expect(log.filter((line) => line.startsWith('undo charge'))).toHaveLength(1);
  });

  it('R17: takes nothing back once its pivot is done, tries what comes after it, and is dead when that fails for good', async () => {
    const log: string[] = [];
    let failures = 2;
    const build = (attempts: number) =>
      saga<number>()
        .tx('reserve', { run: () => log.push('reserve'), undo: () => log.push('undo reserve') })
        .tx('confirm', { pivot: true, run: () => log.push('confirm') })
        .call('notify', {
          ...QUICK,
          attempts,
          run: () => {
            log.push('notify');
            failures -= 1;
            if (failures >= 0) throw new Error('mail is down');
          },
        })
        .result(() => 'sold');
    expect(await run(build(3))).toMatchObject({ state: 'completed', result: 'sold' });
    expect(log).toEqual(['reserve', 'confirm', 'notify', 'notify', 'notify']);
    failures = 9;
    expect(await run(build(2))).toMatchObject({ state: 'dead', step: 'notify' });
    expect(log).not.toContain('undo reserve');
  });

  it('R29, R30: stops before its next step when it is cancelled or late, and takes back what was done', async () => {
    const cancelled = threeSteps({ charge: () => cancelled.journal.cancel() });
    expect(await run(cancelled.plan, cancelled.journal)).toMatchObject({
      state: 'compensated',
      step: undefined,
    });
    expect(cancelled.log).toEqual([
      'reserve',
      'charge',
      'undo charge (charge done)',
      'undo reserve (reserve done)',
    ]);
    const late = threeSteps({}, journalOf({ deadlineAt: Date.now() - 1 }));
    expect(await run(late.plan, late.journal)).toMatchObject({ state: 'compensated' });
    expect(late.log).toEqual([]);
  });

  it('R37: lets all steps of a group settle before it takes back those that are done', async () => {
    const log: string[] = [];
    let release: (() => void) | undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const plan = saga<number>()
      .parallel((group) =>
        group
          .call('fast', {
            attempts: 1,
            run: () => {
              setImmediate(() => release?.());
              throw new PermanentError('no');
            },
            undo: () => log.push('undo fast'),
          })
          .call('slow', {
            run: async () => {
              await slow;
              log.push('slow');
            },
            undo: () => log.push('undo slow'),
          }),
      )
      .result(() => undefined);
    expect(await run(plan)).toMatchObject({ state: 'compensated', step: 'fast' });
    expect(log).toEqual(['slow', 'undo slow']);
  });

  it('R23: takes nothing back because its journal is out of reach', async () => {
    const { plan, log, journal } = threeSteps();
    jest.spyOn(journal, 'started').mockRejectedValue(new SagaAbandonedError('out-of-reach'));
    await expect(run(plan, journal)).rejects.toThrow(SagaAbandonedError);
    expect(log).toEqual(['reserve']);
    jest.restoreAllMocks();
    expect(await run(plan, journal)).toMatchObject({ state: 'completed' });
  });
});
