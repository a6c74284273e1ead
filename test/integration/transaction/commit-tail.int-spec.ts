/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import {
  CommitOutcomeUnknownError,
  TransactionRequiredError,
  TransactionScopeClosedError,
  UniqueViolationError,
  type TransactionOptions,
} from '../../../libs/database/src/index.js';
import { addToCommit } from '../../../libs/database/src/transaction/commit-tail.js';
import type { CommitTail } from '../../../libs/database/src/transaction/tail-entry.js';
import type { TailStatement } from '../../../libs/database/src/transaction/transaction-session.port.js';
import { category, type FaultBench } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';
import { TransactionLog } from '../../support/transaction-log.js';
import { until } from '../../support/until.js';

const COMMIT = { statement: /^COMMIT/ };
/** Writes each statement as it was given. */
const BY: CommitTail<TailStatement> = { statements: (items) => items };

let database: FaultDatabase;
let bench: FaultBench;
useFaults((faults) => ({ database, bench } = faults));

const INSERT = 'INSERT INTO category (name, slug) VALUES ($1, $1)';
const insert = (name: string) => bench.db.query(INSERT, [name]);
const atCommit = (name: string) => {
  addToCommit(bench.transactions, 'test', BY, { text: INSERT, values: [name] });
};
const add = (statement: TailStatement) => {
  addToCommit(bench.transactions, 'test', BY, statement);
};
const run = <Result>(work: () => Promise<Result> | Result, options?: TransactionOptions) =>
  bench.transactions.run(async () => await work(), options);
const nested = (work: () => unknown) => run(work, { propagation: 'NESTED' });
const cost = (work: () => unknown, options?: TransactionOptions) =>
  bench.proxy.countRoundTrips(() => run(work, options));

describe('a statement that travels with COMMIT', () => {
  it('costs no round trip, however many there are', async () => {
    const work = async () => {
      atCommit('tail 1');
      await insert('body');
      atCommit('tail 2');
    };
    expect(await cost(work)).toBe(2);
    expect(await database.stored()).toEqual(['body', 'tail 1', 'tail 2']);
  });

  it('costs one round trip, BEGIN and settings included, where nothing was sent before', async () => {
    const seen: (string | null)[] = [];
    const work = () => {
      atCommit('alone');
      add({ text: "SELECT current_setting('app.tenant')", onValue: (value) => seen.push(value) });
    };
    const options = {
      isolationLevel: 'RepeatableRead',
      settings: { 'app.tenant': 'seven' },
    } as const;
    expect(await cost(work, options)).toBe(1);
    expect(seen).toEqual(['seven']);
    expect(await database.stored()).toEqual(['alone']);
  });

  it('is written after Prisma has written in the same transaction', async () => {
    await run(async () => {
      atCommit('b');
      await bench.categories.create(category('a'));
    });
    expect(await database.stored()).toEqual(['a', 'b']);
  });

  it('takes NULL for a value, and every character for a text', async () => {
    const seen: (string | null)[] = [];
    const onValue = (value: string | null) => void seen.push(value);
    await run(() => {
      add({ text: 'SELECT $1::text', values: [null], onValue });
      add({ text: 'SELECT $1::text || coalesce($2, $3)', values: ['', null, `ä'"\\ 𝄞`], onValue });
    });
    expect(seen).toEqual([null, `ä'"\\ 𝄞`]);
  });

  it('is asked for once, for all that one writer was given', async () => {
    const calls: (readonly string[])[] = [];
    const batch: CommitTail<string> = {
      statements: (names) => {
        calls.push(names);
        const text = 'INSERT INTO category (name, slug) SELECT name, name FROM unnest($1::text[]) AS name';
        return [{ text, values: [`{${names.join(',')}}`] }];
      },
    };
    await run(async () => {
      addToCommit(bench.transactions, 'test', batch, 'a');
      atCommit('between');
      await nested(() => {
        addToCommit(bench.transactions, 'test', batch, 'b');
      });
    });
    expect(calls).toEqual([['a', 'b']]);
    expect(await database.stored()).toEqual(['a', 'b', 'between']);
  });

  it('goes with a nested part that is taken back, and stays with one that is kept', async () => {
    await run(async () => {
      atCommit('outer');
      await nested(async () => {
        atCommit('kept');
        await nested(() => {
          atCommit('lost');
          throw new Error('no');
        }).catch(() => undefined);
      });
      await nested(() => {
        atCommit('asked');
        bench.transactions.setRollbackOnly();
      });
    });
    expect(await database.stored()).toEqual(['kept', 'outer']);
  });

  it('is not carried out where the transaction is rolled back', async () => {
    const failing = run(async () => {
      atCommit('tail');
      await insert('body');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const caught = run(async () => {
      atCommit('tail');
      await bench.db.query('SELECT 1/0').catch(() => undefined);
    });
    await bench.refusal(caught, 'UNEXPECTED_ROLLBACK');
    expect(await database.stored()).toEqual([]);
  });

  it('begins anew with each attempt', async () => {
    const log = new TransactionLog();
    await run(async () => {
      atCommit(`attempt ${bench.transactions.attempt}`);
      if (bench.transactions.attempt < 3)
        await bench.db.query("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$");
    });
    log.close();
    expect(log.retries).toHaveLength(2);
    expect(await database.stored()).toEqual(['attempt 3']);
  });

  it('has the transaction repeated where it meets a serialization failure itself', async () => {
    const attempts: number[] = [];
    await run(() => {
      const { attempt } = bench.transactions;
      attempts.push(attempt);
      atCommit(`attempt ${attempt}`);
      if (attempt === 1) add({ text: "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$" });
    });
    expect(attempts).toEqual([1, 2]);
    expect(await database.stored()).toEqual(['attempt 2']);
  });

  it('is refused outside of any transaction, and after its end', async () => {
    expect(() => {
      atCommit('nowhere');
    }).toThrow(TransactionRequiredError);
    let late: Promise<void> | undefined;
    await run(() => {
      late = new Promise((resolve, reject) => {
        setImmediate(() => {
          try {
            atCommit('late');
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      });
      late.catch(() => undefined);
    });
    await expect(late).rejects.toThrow(TransactionScopeClosedError);
    expect(await database.stored()).toEqual([]);
  });
});

describe('a statement with COMMIT that fails', () => {
  it.each([
    ['after other statements', () => insert('body')],
    ['where nothing was sent before', () => Promise.resolve()],
  ])('leaves nothing, says why with its class, and keeps the connection: %s', async (_when, before) => {
    await insert('taken');
    const backend = await bench.backend();
    const failing = run(async () => {
      await before();
      atCommit('first');
      atCommit('taken');
      atCommit('last');
    });
    const { error } = await bench.refusal(failing, 'UNIQUE_VIOLATION');
    expect(error).toBeInstanceOf(UniqueViolationError);
    expect(error).toMatchObject({ outcome: 'not-applied' });
    expect(await database.stored()).toEqual(['taken']);
    expect(await bench.backend()).toBe(backend);
    await run(() => {
      atCommit('next');
    });
    expect(await database.stored()).toEqual(['next', 'taken']);
  });

  it('is refused by a transaction that only reads', async () => {
    const { error } = await bench.refusal(
      run(
        () => {
          atCommit('tail');
        },
        { readOnly: true },
      ),
      'READ_ONLY',
    );
    expect(error).toMatchObject({ outcome: 'not-applied' });
  });

  it('does not run where BEGIN is refused', async () => {
    const failing = run(
      () => {
        atCommit('tail');
      },
      { settings: { statement_timeout: 'soon' } },
    );
    await bench.refusal(failing, 'QUERY');
    expect(await database.stored()).toEqual([]);
    await run(() => insert('next'));
  });

  it('rolls back where its writer cannot tell what to write', async () => {
    const by: CommitTail<string> = {
      statements: () => {
        throw new Error('no words');
      },
    };
    const failing = run(async () => {
      await insert('body');
      addToCommit(bench.transactions, 'test', by, 'x');
    });
    await expect(failing).rejects.toThrow('no words');
    expect(await database.stored()).toEqual([]);
  });

  it('is told to the caller in the words of its writer', async () => {
    await insert('taken');
    const by: CommitTail<string> = {
      statements: (names) => names.map((name) => ({ text: INSERT, values: [name] })),
      explain: (error, names) => new Error(`${names.join()} taken`, { cause: error }),
    };
    const failing = run(() => {
      atCommit('before');
      addToCommit(bench.transactions, 'test', by, 'taken');
    });
    await expect(failing).rejects.toMatchObject({ message: 'taken taken', cause: { code: '23505' } });
    expect(await database.stored()).toEqual(['taken']);
  });

  it('is cancelled where it waits beyond the time of the transaction, which leaves nothing and is in no doubt', async () => {
    const backend = await bench.backend();
    let release: (() => void) | undefined;
    const holder = run(async () => {
      await bench.db.query('SELECT pg_advisory_xact_lock(7)');
      await new Promise<void>((resolve) => (release = resolve));
    });
    expect(await until(() => release !== undefined, 2_000)).toBe(true);
    const waiting = run(
      () => {
        atCommit('tail');
        add({ text: 'SELECT pg_advisory_xact_lock(7)' });
      },
      { timeoutMs: 200 },
    );
    const { error } = await bench.refusal(waiting, 'LOCK_TIMEOUT', 'TRANSACTION_TIMEOUT');
    expect(error).toMatchObject({ outcome: 'not-applied' });
    release?.();
    await holder;
    expect(await database.stored()).toEqual([]);
    expect(await bench.backend()).toBe(backend);
  });
});

describe('a COMMIT in doubt that other statements travel with', () => {
  it.each([
    ['the request', 'cut', []],
    ['the reply', 'cutOnReply', ['body', 'tail']],
  ] as const)('stays in doubt where %s was lost, and holds all or nothing', async (_what, how, stored) => {
    bench.proxy.onRequest(COMMIT, { do: how });
    const { error } = await bench.refusal(
      run(async () => {
        await insert('body');
        atCommit('tail');
      }),
      'OUTCOME_UNKNOWN',
    );
    expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
    expect(await database.stored()).toEqual(stored);
  });

  it.each(['cut', 'cutOnReply'] as const)(
    'is resolved by the id of the transaction, which is asked for before where nothing else was sent: %s',
    async (how) => {
      bench.proxy.onRequest(COMMIT, { do: how });
      await run(
        () => {
          atCommit('tail');
        },
        { verify: 'xid' },
      );
      expect(await database.stored()).toEqual(['tail']);
    },
  );
});
