/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CommitStatus, TransactionOptions } from '../../../libs/database/src/index.js';
import type { FaultBench } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useBench, useFaultDatabase } from '../../support/faults/fault-suite.js';
import { TransactionLog } from '../../support/transaction-log.js';
import { until } from '../../support/until.js';

const EACH = 10;
const COMMIT = { statement: /^COMMIT/ };

/** Nothing keeps it from holding a sale twice. */
const TABLES = `
  CREATE TABLE plain_sale (id bigserial PRIMARY KEY, reference text NOT NULL);
  CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('app.slow', true) IS DISTINCT FROM 'yes' THEN RETURN NULL; END IF;
    FOR count IN 1..6 LOOP
      BEGIN PERFORM pg_sleep(0.5); EXCEPTION WHEN query_canceled THEN NULL; END;
    END LOOP;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER take_time AFTER INSERT ON plain_sale DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION take_time();
  GRANT ALL ON plain_sale, plain_sale_id_seq TO PUBLIC`;

let database: FaultDatabase;
let bench: FaultBench;
let log: TransactionLog;
let asked: CommitStatus[];

describe('a COMMIT that is not answered, of a sale that a function looks for and nothing keeps from being stored twice', () => {
  useFaultDatabase((created) => (database = created));
  beforeAll(async () => {
    await database.query(TABLES);
  });
  useBench({ server: () => database }, (opened) => (bench = opened));
  beforeEach(async () => {
    await database.query('TRUNCATE plain_sale');
    asked = [];
    log = new TransactionLog();
  });
  afterEach(() => {
    log.close();
  });

  const look = (reference: string) => async (): Promise<CommitStatus> => {
    const rows = await bench.db.sql`SELECT FROM plain_sale WHERE reference = ${reference}`;
    asked.push(rows.length > 0 ? 'committed' : 'aborted');
    return asked.at(-1)!;
  };
  /** @param slowly - whether the first COMMIT takes three seconds, which no request to cancel shortens */
  const sell = (reference: string, options: TransactionOptions = {}, slowly = false) =>
    bench.transactions.run(
      async () => {
        await bench.db.sql`INSERT INTO plain_sale (reference) VALUES (${reference})`;
        if (slowly && bench.transactions.attempt === 1)
          await bench.db.sql`SELECT set_config('app.slow', 'yes', true)`;
      },
      { verify: look(reference), ...options },
    );
  const stored = async () =>
    (await database.query<{ reference: string }>('SELECT reference FROM plain_sale ORDER BY id')).map(
      ({ reference }) => reference,
    );
  /** What is stored when no session of the application does anything any more. */
  const storedInTheEnd = async () => {
    const isQuiet = async () => (await database.sessions()).every(({ state }) => state === 'idle');
    expect(await until(isQuiet, 10_000)).toBe(true);
    return await stored();
  };

  it(`is resolved ${2 * EACH} times out of ${2 * EACH}: each sale is there, once`, async () => {
    const references = Array.from({ length: 2 * EACH }, (_, index) => String(index));
    for (const [index, reference] of references.entries()) {
      const fault = bench.proxy.onRequest(COMMIT, { do: index % 2 === 0 ? 'cut' : 'cutOnReply' });
      await sell(reference);
      expect(fault.fired).toBe(1);
    }
    expect(await storedInTheEnd()).toEqual(references);
    expect(asked).toEqual(references.map((_, index) => (index % 2 === 0 ? 'aborted' : 'committed')));
  });

  it('is asked for when the server has ended the COMMIT that it was cut off in for its silence, and not before', async () => {
    await sell('slow', {}, true);
    expect(asked).toEqual(['committed']);
    expect(log.retries).toEqual([]);
    expect(await storedInTheEnd()).toEqual(['slow']);
  });

  it('is asked for when the server has ended the COMMIT that the connection was reset in, and not before', async () => {
    const running = sell('reset', {}, true);
    await database.isRunning('COMMIT');
    bench.proxy.cut('rst');
    await running;
    expect(asked).toEqual(['committed']);
    expect(log.retries).toEqual([]);
    expect(await storedInTheEnd()).toEqual(['reset']);
  });

  it('is resolved where it never arrives and the server goes on waiting for it: that session is ended first', async () => {
    let session = 0;
    await bench.transactions.run(
      async () => {
        await bench.db.sql`INSERT INTO plain_sale (reference) VALUES ('stalled')`;
        if (bench.transactions.attempt > 1) return;
        session = await bench.backend();
        bench.proxy.onRequest(COMMIT, { do: 'stall' });
      },
      { verify: look('stalled') },
    );
    expect(asked).toEqual(['aborted']);
    expect(await storedInTheEnd()).toEqual(['stalled']);
    expect((await database.sessions()).map(({ pid }) => pid)).not.toContain(session);
  });

  it('stays of unknown outcome where nobody can say within ten seconds that the server has ended it, unless the function knows of the commit', async () => {
    for (let count = 0; count < 2; count++) bench.proxy.onRequest(COMMIT, { do: 'cutOnReply' });
    let begun = 0;
    const cutOff = (status: CommitStatus) =>
      bench.transactions.run(
        async () => {
          await bench.db.sql`INSERT INTO plain_sale (reference) VALUES (${status})`;
          begun += 1;
          // Both have their connections, and nobody gets another one.
          await until(() => begun === 2, 5_000);
          bench.proxy.refuse();
        },
        { verify: () => Promise.resolve(status) },
      );
    await Promise.all([bench.refusal(cutOff('aborted'), 'OUTCOME_UNKNOWN'), cutOff('committed')]);
    expect(log.retries).toEqual([]);
    expect((await storedInTheEnd()).sort()).toEqual(['aborted', 'committed']);
  }, 40_000);
});
