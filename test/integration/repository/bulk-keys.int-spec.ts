import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { executeWithRetry } from '../../../libs/database/src/index.js';
import { openRecords, type LabelRepository, type Records } from './records.js';

let records: Records;
let labels: LabelRepository;

beforeAll(async () => {
  records = await openRecords();
  ({ labels } = records);
});
beforeEach(async () => {
  await records.clear();
});
afterAll(async () => {
  await records.close();
});

type Row = Parameters<LabelRepository['bulkUpsert']>[0][number];
type Key = 'name' | 'folded' | 'bent' | 'code' | 'amount' | 'ratio' | 'ref' | 'day' | 'second';

const UUID = '0123abcd-0000-4000-8000-0000000000ff';

/** Two texts of one value, to PostgreSQL, and one of another. */
const KEYS: readonly (readonly [title: string, key: Key, one: unknown, same: unknown, other: unknown])[] = [
  ['texts that differ in capitals (citext)', 'name', 'Ann', 'ANN', 'Bob'],
  ['texts that a collation folds', 'folded', 'Ann', 'aNN', 'Bob'],
  ['texts that the collation of the index folds', 'bent', 'Ann', 'aNN', 'Bob'],
  ['texts that differ in blanks at their end', 'code', 'ab', 'ab  ', 'abc'],
  ['decimals of other digits', 'amount', '1.0', '1.00', '1.01'],
  ['decimals that are rounded', 'amount', '1.001', '1.002', '1.006'],
  ['decimals with an exponent', 'amount', '1e2', '100', '1e1'],
  ['zeros with and without a sign', 'ratio', 0, -0, 1],
  ['UUIDs in capitals', 'ref', UUID, UUID.toUpperCase(), UUID.replace('f', 'e')],
  ['UUIDs in braces', 'ref', UUID, `{${UUID}}`, UUID.replace('f', 'e')],
  ['moments of one day', 'day', '2024-02-29T01:00:00Z', '2024-02-29T23:00:00Z', '2024-03-01'],
  ['moments of one second', 'second', '2024-02-29T01:00:00.100Z', '2024-02-29T01:00:00.400Z', '2024-02-29T01:00:01Z'],
]; // prettier-ignore

describe('bulkUpsert, for keys that PostgreSQL takes for equal', () => {
  it.each(KEYS)('refuses two rows with %s, and writes neither', async (_title, key, one, same) => {
    const rows = [one, same].map((value) => ({ [key]: value, note: 'x' }));
    const refusal = { code: 'VALIDATION', path: 'rows', problem: expect.stringContaining(`(${key})`) };
    await expect(labels.bulkUpsert(rows, { on: [key], update: ['note'] })).rejects.toMatchObject(refusal);
    expect(await labels.count()).toBe(0);
  });

  it.each(KEYS)('takes rows with other keys than %s', async (_title, key, one, same, other) => {
    const rows = [one, other].map((value) => ({ [key]: value, note: 'x' }));
    expect(await labels.bulkUpsert(rows, { on: [key], update: ['note'] })).toMatchObject({ inserted: 2 });
    const again = [{ [key]: same, note: 'y' } as Row];
    expect(await labels.bulkUpsert(again, { on: [key], update: ['note'] })).toMatchObject({ updated: 1 });
  });

  it('refuses them also where each would be in a statement of its own', async () => {
    const rows = ['1.0', '1.00'].map((amount) => ({ amount, note: amount }));
    const options = { on: ['amount'], update: ['note'], chunkSize: 1 } as const;
    await expect(labels.bulkUpsert(rows, options)).rejects.toMatchObject({ code: 'VALIDATION' });
    // Naive: the second statement changes what the first has written, and both are counted.
    expect(await labels.count()).toBe(0);
  });

  it('says what the server said where only the index knows', async () => {
    const rows = ['Ann', 'ANN'].map((bent) => ({ bent, note: 'x' }));
    const error: unknown = await labels
      .bulkUpsert(rows, { on: ['bent'], update: ['note'] })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'VALIDATION', cause: { sqlState: '21000' } });
    expect(String(error)).not.toContain('Ann');
  });
});

const RETRY = { name: 'a bulk write', attempts: 2 };

describe('What a bulk write counts', () => {
  beforeAll(async () => {
    await records.database.query(`
      CREATE SEQUENCE attempts;
      CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        -- A sequence counts on where its transaction is undone.
        IF nextval('attempts') = 5 THEN RAISE EXCEPTION 'once' USING ERRCODE = '40001'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail_once BEFORE INSERT ON setting FOR EACH ROW EXECUTE FUNCTION fail_once();`);
  });
  beforeEach(async () => {
    await records.database.query('ALTER SEQUENCE attempts RESTART');
  });
  const rows = Array.from({ length: 6 }, (_, index) => ({ key: `k${index}`, value: 'x' }));

  it('belongs to the attempt that was committed, where an insert is repeated', async () => {
    const result = await executeWithRetry(
      () => records.settings.bulkInsert(rows, { chunkSize: 2, returning: ['key'] }),
      RETRY,
    );
    expect(result.inserted).toBe(6);
    expect(result.records.map(({ key }) => key)).toEqual(rows.map(({ key }) => key));
    expect(await records.settings.count()).toBe(6);
  });

  it('belongs to the attempt that was committed, where an upsert is repeated', async () => {
    const outcome = await executeWithRetry(
      () => records.settings.bulkUpsert(rows, { on: ['key'], update: ['value'], chunkSize: 2 }),
      RETRY,
    );
    expect(outcome).toEqual({ inserted: 6, updated: 0, unchanged: 0 });
  });
});
