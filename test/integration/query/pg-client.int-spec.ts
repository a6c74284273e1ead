import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  TransactionControlError,
  TransactionManager,
  TransactionScopeClosedError,
  UniqueViolationError,
  type Database,
  type PgClient,
} from '../../../libs/database/src/index.js';
import { useDatabaseApplication } from '../../support/database-suite.js';
import type { TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let db: Database;
let transactions: TransactionManager;

useDatabaseApplication({}, (opened) => {
  ({ database, db } = opened);
  transactions = opened.app.get(TransactionManager);
});
beforeEach(async () => {
  await database.query('TRUNCATE category CASCADE');
});

const INSERT = 'INSERT INTO category (name, slug) VALUES ($1, $1) RETURNING id, name';
const stored = async () =>
  (await database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(({ name }) => name);

/** What a library does that knows pg alone. */
const insert = (client: PgClient, name: string) => client.query<{ name: string }>(INSERT, [name]);

describe('the client for libraries that know pg', () => {
  it('takes what they ask for, and gives what pg gives', async () => {
    expect(await insert(db.pg, 'a')).toMatchObject({ command: 'INSERT', rowCount: 1, rows: [{ name: 'a' }] });
    const arrays = await db.pg.query<unknown[]>({
      text: 'SELECT $1::int8 AS big, $2::numeric AS exact',
      values: ['9007199254740993', '1.10'],
      rowMode: 'array',
    });
    expect(arrays.rows).toEqual([['9007199254740993', '1.10']]);
    expect(arrays.fields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual([
      ['big', 20],
      ['exact', 1700],
    ]);
    for (const id of [1, 2]) {
      const { rows } = await db.pg.query({ name: 'prepared', text: 'SELECT $1::int AS n', values: [id] });
      expect(rows).toEqual([{ n: id }]);
    }
  });

  it('joins the transaction it is used in, and is rolled back with it', async () => {
    await transactions.run(async () => {
      await insert(db.pg, 'kept');
      await transactions
        .run(
          async () => {
            await insert(db.pg, 'undone');
            throw new Error('inner');
          },
          { propagation: 'NESTED' },
        )
        .catch(() => undefined);
      expect(await stored()).toEqual([]);
    });
    expect(await stored()).toEqual(['kept']);
  });

  it('is refused after the end of its transaction, and never writes outside of it', async () => {
    const refused = await transactions.run(
      async () =>
        await Promise.resolve({
          attempt: new Promise<unknown>((resolve) => {
            setTimeout(() => {
              insert(db.pg, 'later').then(resolve, resolve);
            }, 50);
          }),
        }),
    );
    expect(await refused.attempt).toBeInstanceOf(TransactionScopeClosedError);
    expect(await stored()).toEqual([]);
  });

  it('fails with the errors of the library, and lets no text end the transaction or hold two statements', async () => {
    await insert(db.pg, 'a');
    await expect(insert(db.pg, 'a')).rejects.toThrow(UniqueViolationError);
    await expect(transactions.run(() => db.pg.query('COMMIT'))).rejects.toThrow(TransactionControlError);
    await expect(db.pg.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'QUERY' });
    expect(await stored()).toEqual(['a']);
  });
});
