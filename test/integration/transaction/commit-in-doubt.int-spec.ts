/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  CommitOutcomeUnknownError,
  ConnectionLostError,
  type CommitStatus,
  type TransactionOptions,
} from '../../../libs/database/src/index.js';
import { category, type FaultBench } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useBench, useFaults } from '../../support/faults/fault-suite.js';
import { PrivatePostgres } from '../../support/faults/private-postgres.js';
import { TransactionLog } from '../../support/transaction-log.js';

const EACH = 10;
const COMMIT = { statement: /^COMMIT/ };
/** Lost on its way to the server, or done there and the answer lost. */
const LOSSES = [
  ['the request', 'cut'],
  ['the reply', 'cutOnReply'],
] as const;
const ASK = { verify: 'xid' } as const;
const ASK_ONCE = { verify: 'xid', retry: false } as const;

let bench: FaultBench;
let log: TransactionLog;
let hooks: string[];

beforeEach(() => {
  hooks = [];
  log = new TransactionLog();
});
afterEach(() => {
  log.close();
});

/** A transaction that tells what became of it. */
const write = (name: string, options: TransactionOptions) =>
  bench.transactions.run(async () => {
    bench.transactions.afterCommit(() => void hooks.push(`commit ${name}`));
    bench.transactions.afterRollback(() => void hooks.push(`rollback ${name}`));
    await bench.categories.create(category(name));
    return name;
  }, options);

describe('a COMMIT that is not answered', () => {
  let database: FaultDatabase;
  useFaults((faults) => ({ database, bench } = faults));

  it(`F7: is resolved by the transaction's id ${2 * EACH} times out of ${2 * EACH}: each record is there, once`, async () => {
    const names = Array.from({ length: 2 * EACH }, (_, index) => String(index).padStart(2, '0'));
    for (const [index, name] of names.entries()) {
      const fault = bench.proxy.onRequest(COMMIT, { do: LOSSES[index % 2]![1] });
      await expect(write(name, ASK)).resolves.toBe(name);
      expect(fault.fired).toBe(1);
    }
    expect(await database.stored()).toEqual(names);
    // Where the request was lost, nothing was there, and the transaction was run once more.
    const lost = names.filter((_, index) => index % 2 === 0);
    expect(log.retries).toHaveLength(EACH);
    expect(log.codes).toEqual(['CONNECTION_LOST']);
    expect(hooks.filter((hook) => hook.startsWith('rollback'))).toEqual(
      lost.map((name) => `rollback ${name}`),
    );
    expect(hooks.filter((hook) => hook.startsWith('commit'))).toEqual(names.map((name) => `commit ${name}`));
  });

  it('is typed as lost, with no effect, where the request was lost and nothing may be repeated', async () => {
    bench.proxy.onRequest(COMMIT, { do: 'cut' });
    const { error } = await bench.refusal(write('lost', ASK_ONCE), 'CONNECTION_LOST');
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ outcome: 'not-applied', retryable: true, attempts: 1 });
    expect(error.cause).toMatchObject({ name: 'CommitOutcomeUnknownError' });
    expect(await database.stored()).toEqual([]);
    expect(hooks).toEqual(['rollback lost']);
  });

  it('is not repeated after sideEffect(), also where nothing was committed', async () => {
    bench.proxy.onRequest(COMMIT, { do: 'cut' });
    const running = bench.transactions.run(async () => {
      bench.transactions.sideEffect();
      await bench.categories.create(category('once'));
    }, ASK);
    await bench.refusal(running, 'CONNECTION_LOST');
    expect(log.retries).toEqual([]);
    expect(await database.stored()).toEqual([]);
  });

  it.each(LOSSES)(
    'is of unknown outcome without a verifier when %s was lost, and calls no hook',
    async (_what, how) => {
      bench.proxy.onRequest(COMMIT, { do: how });
      const { error } = await bench.refusal(write('maybe', {}), 'OUTCOME_UNKNOWN');
      expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
      expect(error).toMatchObject({ outcome: 'unknown', retryable: false });
      expect(hooks).toEqual([]);
      expect(log.ends.map(({ outcome }) => outcome)).toEqual(['unknown']);
      expect(log.retries).toEqual([]);
      expect(await database.stored()).toEqual(how === 'cut' ? [] : ['maybe']);
    },
  );

  it('F7: looks to a bare client like any other failure; whoever repeats it stores the data twice', async () => {
    const naive = bench.naive();
    const names: string[] = [];
    const insert = async () => {
      names.push(`naive ${names.length}`);
      await naive.$transaction((client) => client.category.create(category(names.at(-1)!)));
    };
    bench.proxy.onRequest(COMMIT, { do: 'cutOnReply' });
    const { error } = await bench.failure(insert());
    expect(error).not.toHaveProperty('outcome');
    await insert();
    expect(await database.stored()).toEqual(['naive 0', 'naive 1']);
  });

  describe('and a function that looks for what was written', () => {
    const look = (name: string) => async (): Promise<CommitStatus> =>
      (await bench.categories.count({ where: { name } })) === 1 ? 'committed' : 'aborted';

    it.each(LOSSES)('is resolved by it when %s was lost: the record is there, once', async (_what, how) => {
      const asked = jest.fn(look('looked'));
      bench.proxy.onRequest(COMMIT, { do: how });
      await expect(write('looked', { verify: asked })).resolves.toBe('looked');
      expect(asked).toHaveBeenCalledTimes(1);
      expect(await database.stored()).toEqual(['looked']);
      expect(hooks).toEqual(how === 'cut' ? ['rollback looked', 'commit looked'] : ['commit looked']);
    });

    it('is not asked when COMMIT was answered, or was never sent', async () => {
      const asked = jest.fn(look('plain'));
      await write('plain', { verify: asked });
      await bench.refusal(write('plain', { verify: asked }), 'UNIQUE_VIOLATION');
      bench.proxy.onRequest({ statement: /INSERT/ }, { do: 'cut' });
      await bench.refusal(write('other', { verify: asked }), 'CONNECTION_LOST');
      expect(asked).not.toHaveBeenCalled();
    });

    it.each([
      ['says that it does not know', () => Promise.resolve<CommitStatus>('unknown')],
      ['fails', () => Promise.reject(new Error('the other system is away'))],
      ['answers nonsense', () => Promise.resolve('perhaps' as CommitStatus)],
    ])('leaves the outcome unknown where it %s', async (_what, verify) => {
      bench.proxy.onRequest(COMMIT, { do: 'cutOnReply' });
      await bench.refusal(write('maybe', { verify }), 'OUTCOME_UNKNOWN');
      expect(hooks).toEqual([]);
      expect(log.retries).toEqual([]);
    });

    it('runs outside of any transaction', async () => {
      const inside: boolean[] = [];
      const verify = () => {
        inside.push(bench.transactions.isActive());
        return Promise.resolve<CommitStatus>('committed');
      };
      bench.proxy.onRequest(COMMIT, { do: 'cutOnReply' });
      await bench.transactions.run(async () => {
        await write('beside', { verify, propagation: 'REQUIRES_NEW' });
      });
      expect(inside).toEqual([false]);
    });
  });

  it('is resolved where it never arrives and the server goes on waiting for it: that session is ended', async () => {
    // From here on the server hears nothing of that connection, not even that the client has closed it.
    let victim: ReturnType<typeof bench.proxy.onRequest>;
    let session = 0;
    const running = bench.transactions.run(async () => {
      await bench.categories.create(category(`try ${bench.transactions.attempt}`));
      if (bench.transactions.attempt > 1) return;
      session = await bench.backend();
      victim = bench.proxy.onRequest(COMMIT, { do: 'stall' });
    }, ASK);
    await running;
    expect(victim!.fired).toBe(1);
    expect(log.codes).toEqual(['CONNECTION_LOST']);
    expect(await database.stored()).toEqual(['try 2']);
    expect((await database.sessions()).map(({ pid }) => pid)).not.toContain(session);
  });

  it('stays of unknown outcome where nobody can be asked within ten seconds', async () => {
    const fault = bench.proxy.onRequest(COMMIT, { do: 'cutOnReply' });
    const running = write('away', ASK);
    await fault.happened();
    bench.proxy.refuse();
    bench.proxy.cut('rst');
    const { tookMs } = await bench.refusal(running, 'OUTCOME_UNKNOWN');
    expect(tookMs).toBeLessThan(15_000);
    expect(hooks).toEqual([]);
  }, 40_000);
});

describe('a COMMIT whose server has gone', () => {
  let postgres: PrivatePostgres;
  beforeAll(async () => {
    // Its log is written with a commit only, so that a crash loses all of a transaction that has not come so far.
    postgres = await PrivatePostgres.start({ wal_writer_delay: '10s', autovacuum: 'off' });
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
  }, 30_000);
  useBench({ server: () => postgres }, (opened) => (bench = opened));

  it('is resolved by the server that comes back when the request was lost and the server was killed: the record is there, once', async () => {
    const { postmaster } = postgres;
    const fault = bench.proxy.onRequest(COMMIT, { do: 'cut' });
    const running = write('restarted', { ...ASK, retry: { attempts: 3, deadlineMs: 30_000 } });
    await fault.happened();
    process.kill(postmaster, 'SIGKILL');
    await Promise.all([running, postgres.restarted(postmaster)]);
    expect(await postgres.stored()).toEqual(['restarted']);
    expect(hooks.filter((hook) => hook.startsWith('commit'))).toEqual(['commit restarted']);
  }, 60_000);

  it('is not taken for committed by another transaction that got its id after the crash', async () => {
    const { postmaster } = postgres;
    const fault = bench.proxy.onRequest(COMMIT, { do: 'cut' });
    const running = bench.refusal(write('crashed', ASK_ONCE), 'CONNECTION_LOST');
    await fault.happened();
    bench.proxy.refuse();
    process.kill(postmaster, 'SIGKILL');
    await postgres.restarted(postmaster);
    for (let count = 0; count < 20; count++)
      await postgres.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [`other ${count}`]);
    await bench.proxy.accept();
    const { error } = await running;
    expect(error).toMatchObject({ outcome: 'not-applied' });
    expect(hooks).toEqual(['rollback crashed']);
    expect(await postgres.stored()).toHaveLength(20);
  }, 60_000);

  it('is of unknown outcome rather than committed when the server has crashed since, as its id may be that of another one', async () => {
    const { postmaster } = postgres;
    const fault = bench.proxy.onRequest(COMMIT, { do: 'cutOnReply' });
    const running = bench.refusal(write('kept', ASK), 'OUTCOME_UNKNOWN');
    await fault.happened();
    bench.proxy.refuse();
    process.kill(postmaster, 'SIGKILL');
    await postgres.restarted(postmaster);
    await bench.proxy.accept();
    await running;
    expect(hooks).toEqual([]);
    expect(log.retries).toEqual([]);
    expect(await postgres.stored()).toEqual(['kept']);
  }, 60_000);
});
