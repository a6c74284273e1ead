/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import {
  CommitOutcomeUnknownError,
  ConnectionLostError,
  OutcomeUnknownError,
  type DatabaseError,
} from '../../../libs/database/src/index.js';
import { category, FAST, type FaultBench, NOISE_MS } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';

let database: FaultDatabase;
let bench: FaultBench;

useFaults((faults) => ({ database, bench } = faults));

/** Whether a caller that repeats what is said to be repeatable ends with exactly one record. */
async function repeatWhileSafe(work: () => Promise<unknown>): Promise<DatabaseError | undefined> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!(error as DatabaseError).retryable) return error as DatabaseError;
    }
  }
  throw new Error('It failed three times.');
}

describe('a COMMIT that is not answered', () => {
  // Naive: `Connection terminated unexpectedly` or ECONNRESET, the same as for a read that failed. Whoever repeats it
  // stores the data twice or not at all.
  it('row 20: is of unknown outcome when the request was lost, and nothing is stored', async () => {
    const fault = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cut' });
    const { error } = await bench.refusal(
      bench.transactions.run(() => bench.categories.create(category('lost'))),
      'OUTCOME_UNKNOWN',
    );
    expect(fault.fired).toBe(1);
    expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
    expect(error).toMatchObject({ outcome: 'unknown', retryable: false });
    expect(await database.stored()).toEqual([]);

    const naive = bench.naive();
    const again = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cut' });
    const untyped = await bench.failure(naive.$transaction((tx) => tx.category.create(category('naive'))));
    expect(again.fired).toBe(1);
    expect(untyped.error).not.toHaveProperty('outcome');
  });

  it('row 21: is of unknown outcome when the reply was lost, and everything is stored', async () => {
    const fault = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cutOnReply' });
    const { error } = await bench.refusal(
      bench.transactions.run(() => bench.categories.create(category('kept'))),
      'OUTCOME_UNKNOWN',
    );
    expect(fault.fired).toBe(1);
    expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
    expect(await database.stored()).toEqual(['kept']);
  });

  it('row 21: is not repeated by whoever repeats what is safe, so that nothing is stored twice', async () => {
    let attempts = 0;
    bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cutOnReply' });
    const last = await repeatWhileSafe(() =>
      bench.transactions.run(() => bench.categories.create(category(`attempt ${++attempts}`))),
    );
    expect(last).toBeInstanceOf(CommitOutcomeUnknownError);
    expect(await database.stored()).toEqual(['attempt 1']);
  });

  it('row 26: is of unknown outcome within the deadline when the reply never comes', async () => {
    const { statementMs, graceMs } = FAST.timeouts;
    const fault = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'holdReply' });
    const { error, tookMs } = await bench.refusal(
      bench.transactions.run(() => bench.categories.create(category('kept'))),
      'OUTCOME_UNKNOWN',
    );
    expect(fault.fired).toBe(1);
    expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
    expect(tookMs).toBeLessThan(statementMs + graceMs + NOISE_MS);
    expect(await database.stored()).toEqual(['kept']);
  });

  it('ends with PostgreSQL refusing it: nothing is stored, and a repetition of the whole is safe', async () => {
    const error = { sqlState: '40001', message: 'could not serialize access' };
    const fault = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'fail', error });
    const { error: conflict } = await bench.refusal(
      bench.transactions.run(() => bench.categories.create(category('again')), { retry: false }),
      'SERIALIZATION_FAILURE',
    );
    expect(fault.fired).toBe(1);
    expect(conflict).toMatchObject({ outcome: 'not-applied', retryable: true });
    expect(await database.stored()).toEqual([]);
    const repeated = bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'fail', error });
    await bench.transactions.run(() => bench.categories.create(category('again')));
    expect(repeated.fired).toBe(1);
    expect(await database.stored()).toEqual(['again']);
  });
});

describe('an autocommit write whose connection breaks', () => {
  it.each(['cut', 'cutOnReply'] as const)(
    'row 18: is of unknown outcome once it was sent (%s), as only the data can tell',
    async (how) => {
      const fault = bench.proxy.onRequest({ statement: /INSERT/ }, { do: how });
      const { error } = await bench.verdict(
        bench.prisma.category.create(category('maybe')),
        'OUTCOME_UNKNOWN',
      );
      expect(fault.fired).toBe(1);
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      expect(error).toMatchObject({ outcome: 'unknown', retryable: false });
      expect(await database.stored()).toEqual(how === 'cut' ? [] : ['maybe']);
    },
  );

  it('row 18: is safe to repeat inside a transaction, whose COMMIT was never sent', async () => {
    const fault = bench.proxy.onRequest({ statement: /INSERT/ }, { do: 'cut' });
    const { error } = await bench.refusal(
      bench.transactions.run(() => bench.categories.create(category('again'))),
      'CONNECTION_LOST',
    );
    expect(fault.fired).toBe(1);
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });
    expect(await database.stored()).toEqual([]);
    await bench.transactions.run(() => bench.categories.create(category('again')));
    expect(await database.stored()).toEqual(['again']);
  });

  it('row 18: is safe to repeat when it only reads', async () => {
    const fault = bench.proxy.onRequest({ statement: /SELECT/ }, { do: 'cut' });
    const { error } = await bench.verdict(bench.prisma.category.findMany(), 'CONNECTION_LOST');
    expect(fault.fired).toBe(1);
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true });

    const untyped = await naiveRead();
    expect(untyped).not.toHaveProperty('retryable');
  });
});

async function naiveRead(): Promise<unknown> {
  const naive = bench.naive();
  bench.proxy.onRequest({ statement: /SELECT/ }, { do: 'cut' });
  return (await bench.failure(naive.category.findMany())).error;
}
