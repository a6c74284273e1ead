/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAST, FaultBench } from '../../support/faults/fault-bench.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const TENANTS = ['acme', 'umbrella'];

let database: TestDatabase;
let bench: FaultBench;
let role: string;

beforeAll(async () => {
  database = await createTestDatabase();
  role = `reader_of_${database.name}`;
  // A role of its own: the owner of a table and a superuser see every row.
  for (const statement of [
    `CREATE ROLE ${role}`,
    'CREATE TABLE note (tenant text NOT NULL, text text NOT NULL)',
    `GRANT SELECT, INSERT ON note TO ${role}`,
    `INSERT INTO note SELECT tenant, tenant FROM unnest(ARRAY['acme', 'umbrella']) AS tenant`,
    'ALTER TABLE note ENABLE ROW LEVEL SECURITY',
    `CREATE POLICY own ON note USING (tenant = current_setting('app.tenant', true))`,
  ])
    await database.query(statement);
  // One connection: each borrower gets what the one before has left.
  bench = await FaultBench.open({ url: database.url, module: { pool: { ...FAST.pool, max: 1 } } });
});
afterAll(async () => {
  await bench.close();
  await database.query(`DROP OWNED BY ${role}`);
  await database.query(`DROP ROLE ${role}`);
  await database.drop();
});

const notes = async () =>
  (await bench.db.query<{ text: string }>('SELECT text FROM note ORDER BY text')).map(({ text }) => text);
const as = <Result>(tenant: string, work: () => Promise<Result>) =>
  bench.transactions.run(work, { settings: { role, 'app.tenant': tenant } });

describe('the settings of a transaction, under row-level security', () => {
  it('show each tenant its own rows, also side by side', async () => {
    const asked = Array.from({ length: 20 }, (_, index) => TENANTS[index % 2] ?? '');
    expect(await Promise.all(asked.map((tenant) => as(tenant, notes)))).toEqual(
      asked.map((tenant) => [tenant]),
    );
  });

  it('let nobody write for another tenant', async () => {
    const writing = as('acme', () => bench.db.query("INSERT INTO note VALUES ('umbrella', 'stolen')"));
    await expect(writing).rejects.toMatchObject({ code: 'QUERY' });
  });

  it('end with the transaction, however that ends', async () => {
    await as('acme', notes);
    await as('acme', async () => {
      await notes();
      throw new Error('no');
    }).catch(() => undefined);
    const [left] = await bench.db.query(
      "SELECT current_user AS role, current_setting('app.tenant', true) AS tenant",
    );
    expect(left?.role).not.toBe(role);
    expect(left?.tenant ?? '').toBe('');
    expect(await notes()).toEqual(TENANTS);
  });
});
