/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import type { TransactionOptions } from '../../../libs/database/src/index.js';
import { FaultBench } from '../../support/faults/fault-bench.js';
import { seededRandom } from '../../support/fault-proxy/seeded-random.js';
import { TransactionLog } from '../../support/transaction-log.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const ACCOUNTS = 6;
const OPENING = 1_000;
const TRANSFERS = 80;
/** As many as it takes: the tests ask whether the sum holds, not whether the load is polite. */
const PATIENT = {
  timeoutMs: 20_000,
  maxWaitMs: 20_000,
  retry: { attempts: 100, initialDelayMs: 2, maxDelayMs: 40, deadlineMs: 60_000 },
} as const satisfies TransactionOptions;

jest.setTimeout(60_000);

let database: TestDatabase;
let bench: FaultBench;
let naive: PrismaClient;
let log: TransactionLog;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query('CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)');
  // The server looks for a deadlock after a second otherwise, which is longer than the bench waits for a lock.
  await database.query(`ALTER DATABASE ${database.name} SET deadlock_timeout = '30ms'`);
  const pool = { max: 8, min: 0, acquireTimeoutMs: 30_000, connectTimeoutMs: 1_900 };
  const timeouts = { statementMs: 20_000, lockMs: 10_000, idleInTransactionMs: 20_000, graceMs: 300 };
  bench = await FaultBench.open({ url: database.url, module: { pool, timeouts } });
  naive = bench.naive({ max: 8 });
});
beforeEach(async () => {
  await database.query('TRUNCATE account');
  await database.query('INSERT INTO account SELECT id, $2::int FROM generate_series(1, $1::int) AS id', [
    ACCOUNTS,
    OPENING,
  ]);
  log = new TransactionLog();
});
afterEach(() => {
  log.close();
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

interface Transfer {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

function transfers(seed: number): Transfer[] {
  const random = seededRandom(seed);
  const one = (limit: number) => 1 + Math.floor(random() * limit);
  return Array.from({ length: TRANSFERS }, () => {
    const from = one(ACCOUNTS);
    const to = 1 + ((from - 1 + one(ACCOUNTS - 1)) % ACCOUNTS);
    return { from, to, amount: one(20) };
  });
}

function expectedBalances(all: readonly Transfer[]): number[] {
  const balances = new Array<number>(ACCOUNTS).fill(OPENING);
  for (const { from, to, amount } of all) {
    balances[from - 1]! -= amount;
    balances[to - 1]! += amount;
  }
  return balances;
}

const balances = async () =>
  (await database.query<{ balance: number }>('SELECT balance FROM account ORDER BY id')).map(
    ({ balance }) => balance,
  );
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

async function balanceOf(id: number, lock = ''): Promise<number> {
  const [row] = await bench.db.query<{ balance: number }>(
    `SELECT balance FROM account WHERE id = $1 ${lock}`,
    [id],
  );
  return row!.balance;
}
const setBalance = (id: number, balance: number) =>
  bench.db.query('UPDATE account SET balance = $2 WHERE id = $1', [id, balance]);

/** Reads both, computes, and writes what it has computed: right only if nobody else writes in between. */
async function transfer({ from, to, amount }: Transfer, lock?: string): Promise<void> {
  const ofSender = await balanceOf(from, lock);
  const ofReceiver = await balanceOf(to, lock);
  await setBalance(from, ofSender - amount);
  await setBalance(to, ofReceiver + amount);
}

describe('concurrent transfers between accounts', () => {
  it('lose money in a bare client at its defaults, so the load is one that conflicts', async () => {
    const all = transfers(1);
    await Promise.all(
      all.map(({ from, to, amount }) =>
        naive.$transaction(
          async (client) => {
            const read = async (id: number) =>
              (
                await client.$queryRaw<{ balance: number }[]>`SELECT balance FROM account WHERE id = ${id}`
              )[0]!.balance;
            const [ofSender, ofReceiver] = [await read(from), await read(to)];
            // In the order of their ids, as this is about lost updates and not about deadlocks.
            const writes = [
              [from, ofSender - amount],
              [to, ofReceiver + amount],
            ].sort(([a], [b]) => a! - b!);
            for (const [id, balance] of writes)
              await client.$executeRaw`UPDATE account SET balance = ${balance} WHERE id = ${id}`;
          },
          { maxWait: 20_000, timeout: 20_000 },
        ),
      ),
    );
    expect(await balances()).not.toEqual(expectedBalances(all));
  });

  it('keep every balance under Read Committed with row locks, also where the locks are taken crosswise', async () => {
    const all = transfers(2);
    await Promise.all(all.map((each) => bench.transactions.run(() => transfer(each, 'FOR UPDATE'), PATIENT)));
    const kept = await balances();
    expect(kept).toEqual(expectedBalances(all));
    expect(sum(kept)).toBe(ACCOUNTS * OPENING);
    expect(log.retries.length).toBeGreaterThan(0);
    expect(log.codes).toEqual(['DEADLOCK']);
    expect(log.committed).toBe(TRANSFERS);
  });

  it('keep every balance under Serializable without any lock; those that conflict are repeated, and none is lost', async () => {
    const all = transfers(3);
    const options = { ...PATIENT, isolationLevel: 'Serializable' } as const;
    await Promise.all(all.map((each) => bench.transactions.run(() => transfer(each), options)));
    const kept = await balances();
    expect(kept).toEqual(expectedBalances(all));
    expect(sum(kept)).toBe(ACCOUNTS * OPENING);
    expect(log.retries.length).toBeGreaterThan(0);
    expect(log.codes).toContain('SERIALIZATION_FAILURE');
    expect(log.committed).toBe(TRANSFERS);
    expect(await bench.usage()).toMatchObject({ active: 0, waiting: 0 });
  });
});

describe('write skew: two accounts that may not fall below zero together, each debited for both', () => {
  /** Both have read before either writes, in the first attempt. */
  async function debitBoth(options: TransactionOptions): Promise<PromiseSettledResult<string>[]> {
    await database.query('UPDATE account SET balance = 60 WHERE id IN (1, 2)');
    const together = meeting(2);
    const debit = (id: number) => async () => {
      const total = (await balanceOf(1)) + (await balanceOf(2));
      if (bench.transactions.attempt === 1) await together();
      if (total < 100) return 'refused';
      await setBalance(id, (await balanceOf(id)) - 100);
      return 'debited';
    };
    return await Promise.allSettled([1, 2].map((id) => bench.transactions.run(debit(id), options)));
  }

  it('happens under Read Committed', async () => {
    const results = await debitBoth(PATIENT);
    expect(results.map((result) => 'value' in result && result.value)).toEqual(['debited', 'debited']);
    expect(sum((await balances()).slice(0, 2))).toBe(-80);
  });

  it('is prevented under Serializable: one debits, the other is repeated and sees it', async () => {
    const results = await debitBoth({ ...PATIENT, isolationLevel: 'Serializable' });
    expect(results.map((result) => 'value' in result && result.value).sort()).toEqual(['debited', 'refused']);
    expect(sum((await balances()).slice(0, 2))).toBe(20);
    expect(log.retries.length).toBeGreaterThan(0);
  });

  it('is prevented in a bare client under Serializable as well, but one of the two fails', async () => {
    await database.query('UPDATE account SET balance = 60 WHERE id IN (1, 2)');
    const together = meeting(2);
    const results = await Promise.allSettled(
      [1, 2].map((id) =>
        naive.$transaction(
          async (client) => {
            await client.$queryRaw`SELECT sum(balance)::int FROM account WHERE id IN (1, 2)`;
            await together();
            await client.$executeRaw`UPDATE account SET balance = balance - 100 WHERE id = ${id}`;
          },
          { isolationLevel: 'Serializable' },
        ),
      ),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

/** Resolves for everybody once so many have come. */
function meeting(count: number): () => Promise<void> {
  let here = 0;
  let open: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  return async () => {
    here += 1;
    if (here === count) open();
    await all;
  };
}
