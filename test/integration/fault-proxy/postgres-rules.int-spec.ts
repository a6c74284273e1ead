import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

let database: TestDatabase;
let proxy: FaultProxy;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await database.query('CREATE TABLE entry (id int PRIMARY KEY)');
});
afterAll(async () => {
  await database.drop();
});
beforeEach(async () => {
  await database.query('TRUNCATE entry');
  proxy = await FaultProxy.start({ upstream: database.url });
  client = await connected();
});
afterEach(async () => {
  await proxy.heal();
  await client.end().catch(() => undefined);
  await proxy.close();
});

async function connected(options: pg.ClientConfig = {}): Promise<pg.Client> {
  const created = new pg.Client({ connectionString: proxy.url, ...options });
  created.on('error', () => undefined);
  await created.connect();
  return created;
}
const stored = async () =>
  (await database.query<{ id: number }>('SELECT id FROM entry ORDER BY id')).map(({ id }) => id);
/** Whether the promise is still open when the fault has struck; its result is looked at later. */
function watch<T>(promise: Promise<T>): { settled: boolean; promise: Promise<T> } {
  const watched = { settled: false, promise };
  const settle = () => void (watched.settled = true);
  promise.then(settle, settle);
  return watched;
}

describe('FaultProxy before PostgreSQL', () => {
  it('counts the round trips of both protocols, and not the start of the session', async () => {
    expect(proxy.roundTrips).toBe(0);
    expect(await proxy.countRoundTrips(() => client.query('SELECT 1'))).toBe(1);
    expect(await proxy.countRoundTrips(() => client.query('SELECT $1::int', [1]))).toBe(1);
    expect(await proxy.countRoundTrips(() => client.query('SELECT 1; SELECT 2'))).toBe(1);
    expect(proxy.statements).toEqual(['SELECT 1', 'SELECT $1::int', 'SELECT 1; SELECT 2']);
  });

  it('passes a request for encryption, the answer to it and a request to cancel', async () => {
    await expect(connected({ ssl: true })).rejects.toThrow('does not support SSL');
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const asleep = client.query('SELECT pg_sleep(60)');
    await until(() => proxy.statements.includes('SELECT pg_sleep(60)'), 5_000);
    const cancelling = new pg.Client({ connectionString: proxy.url }) as any;
    cancelling.connection.connect(proxy.port, '127.0.0.1');
    cancelling.connection.once('connect', () => cancelling.connection.cancel(processID, secretKey));
    await expect(asleep).rejects.toMatchObject({ code: '57014' });
    expect(proxy.log.toString()).toMatch(/asks for encryption[^]*asks to cancel/);
  });

  it('cuts at COMMIT before the server sees it: nothing is stored', async () => {
    const fault = proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cut' });
    await client.query('BEGIN');
    await client.query('INSERT INTO entry VALUES (1)');
    await expect(client.query('COMMIT')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(fault.fired).toBe(1);
    expect(await stored()).toEqual([]);
  });

  it.each([{}, { queryMode: 'extended' }])(
    'cuts after COMMIT has been done, whose reply is lost: everything is stored (%j)',
    async (mode) => {
      const fault = proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cutOnReply' });
      await client.query('BEGIN');
      await client.query('INSERT INTO entry VALUES ($1)', [1]);
      await expect(client.query({ text: 'COMMIT', ...mode } as pg.QueryConfig)).rejects.toMatchObject({
        code: 'ECONNRESET',
      });
      expect(fault.fired).toBe(1);
      expect(await stored()).toEqual([1]);
    },
  );

  it('drops a request: the server waits for it in the open transaction', async () => {
    const fault = proxy.onRequest({ statement: /^COMMIT/ }, { do: 'drop' });
    await client.query('BEGIN');
    await client.query('INSERT INTO entry VALUES (1)');
    const commit = watch(client.query('COMMIT'));
    await fault.happened();
    const [session] = await database.query<{ state: string }>(
      "SELECT state FROM pg_stat_activity WHERE query LIKE 'INSERT%' AND datname = current_database()",
    );
    expect(session?.state).toBe('idle in transaction');
    expect(commit.settled).toBe(false);
    await proxy.heal();
    await expect(commit.promise).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('knows a statement that was prepared earlier when it runs', async () => {
    const insert = { name: 'insert', text: 'INSERT INTO entry VALUES ($1)' };
    await client.query({ ...insert, values: [1] });
    proxy.onRequest({ statement: /^INSERT/ }, { do: 'cut' });
    await expect(client.query({ ...insert, values: [2] })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await stored()).toEqual([1]);
  });

  it('matches a message by its letter', async () => {
    const fault = proxy.onRequest({ type: 'P', statement: /entry/ }, { do: 'cut' });
    await client.query('SELECT count(*) FROM entry');
    expect(fault.fired).toBe(0);
    await expect(client.query('SELECT * FROM entry WHERE id = $1', [1])).rejects.toThrow();
    expect(fault.fired).toBe(1);
  });

  it.each([undefined, 3])('stalls a request after %s bytes of it, and loses nothing', async (afterBytes) => {
    const fault = proxy.onRequest(
      { statement: /^INSERT/ },
      { do: 'stall', ...(afterBytes !== undefined && { afterBytes }) },
    );
    const insert = watch(client.query('INSERT INTO entry VALUES (1)'));
    await fault.happened();
    expect(await stored()).toEqual([]);
    expect(insert.settled).toBe(false);
    fault.remove();
    await insert.promise;
    expect(await stored()).toEqual([1]);
  });

  it.each([undefined, 'C', 'Z'])(
    'holds the reply from message %s on: the statement is done, its caller waits',
    async (from) => {
      const fault = proxy.onRequest(
        { statement: /^INSERT/ },
        { do: 'holdReply', ...(from !== undefined && { from }) },
      );
      const insert = watch(client.query('INSERT INTO entry VALUES (1)'));
      await fault.happened();
      expect(await until(async () => (await stored()).length === 1, 5_000)).toBe(true);
      expect(insert.settled).toBe(false);
      fault.remove();
      expect((await insert.promise).rowCount).toBe(1);
    },
  );

  it.each([[[]], [[1]]])(
    'injects an error with a SQLSTATE instead of a statement (parameters %j)',
    async (values) => {
      const fault = proxy.onRequest(
        { statement: /entry/ },
        { do: 'fail', error: { sqlState: '53100', message: 'disk full' } },
      );
      const text = values.length === 0 ? 'INSERT INTO entry VALUES (1)' : 'INSERT INTO entry VALUES ($1)';
      await expect(client.query(text, values)).rejects.toMatchObject({ code: '53100', message: 'disk full' });
      expect(fault.fired).toBe(1);
      expect(await stored()).toEqual([]);
      await client.query(text, values);
      expect(await stored()).toEqual([1]);
    },
  );

  it('fails a COMMIT as a server does: the transaction is over and undone', async () => {
    proxy.onRequest({ statement: /^COMMIT/ }, { do: 'fail', error: { sqlState: '40001' } });
    await client.query('BEGIN');
    await client.query('INSERT INTO entry VALUES (1)');
    await expect(client.query('COMMIT')).rejects.toMatchObject({ code: '40001' });
    expect(client.getTransactionStatus()).toBe('I');
    expect(await stored()).toEqual([]);
  });

  it('fails a transaction in which an error was injected', async () => {
    proxy.onRequest({ statement: /entry/ }, { do: 'fail', error: { sqlState: '40P01' } });
    await client.query('BEGIN');
    await expect(client.query('SELECT * FROM entry')).rejects.toMatchObject({ code: '40P01' });
    expect(client.getTransactionStatus()).toBe('E');
    await client.query('ROLLBACK');
    expect(client.getTransactionStatus()).toBe('I');
  });

  it('ends the session after an injected fatal error', async () => {
    const error = { sqlState: '57P01', severity: 'FATAL' } as const;
    proxy.onRequest({ statement: /entry/ }, { do: 'fail', error });
    const ended = new Promise((resolve) => client.once('end', resolve));
    await expect(client.query('SELECT * FROM entry')).rejects.toMatchObject({ code: '57P01' });
    await ended;
  });

  it('drops, stalls, cuts and replaces messages of the server', async () => {
    proxy.onReply({ type: 'D' }, { do: 'drop' });
    expect((await client.query('SELECT 1 UNION SELECT 2')).rows).toHaveLength(1);

    const stalled = proxy.onReply({ type: 'T', statement: /pair/ }, { do: 'stall', afterBytes: 3 });
    const pair = watch(client.query('SELECT 1 AS pair'));
    await stalled.happened();
    expect(pair.settled).toBe(false);
    stalled.remove();
    expect((await pair.promise).rows).toEqual([{ pair: 1 }]);

    proxy.onReply({ type: 'C' }, { do: 'replace', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') });
    const garbled = watch(client.query('SELECT 1'));
    proxy.onReply({ type: 'Z' }, { do: 'cut', how: 'fin' });
    await expect(garbled.promise).rejects.toThrow();
  });

  it('strikes as often as it was told', async () => {
    const fault = proxy.onRequest(
      { statement: /1/ },
      { do: 'fail', error: { sqlState: '40001' } },
      { times: 2 },
    );
    const codes = [];
    for (let call = 0; call < 3; call++)
      codes.push(await client.query('SELECT 1').then(() => 'ok', ({ code }) => code)); // prettier-ignore
    expect(codes).toEqual(['40001', '40001', 'ok']);
    expect(fault.fired).toBe(2);
  });

  it('refuses rules for a server whose messages it does not read', async () => {
    await using plain = await FaultProxy.start({ upstream: 'tcp://127.0.0.1:1' });
    expect(() => plain.onRequest({}, { do: 'drop' })).toThrow('Rules are for PostgreSQL');
  });
});
