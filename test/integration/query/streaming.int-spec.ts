import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Database, InvalidOptionsError, SchemaError } from '../../../libs/database/src/index.js';
import { useDatabaseApplication } from '../../support/database-suite.js';
import type { TestDatabase } from '../../support/test-database.js';

const PROGRAM = fileURLToPath(new URL('./stream-program.mjs', import.meta.url));
const ROWS = 200_000;
/** 256 characters of one byte in each row. */
const PAYLOAD_MB = (ROWS * 256) / 1e6;

interface StreamReport {
  readonly read: number;
  /** By how much the process has grown at most. */
  readonly addedMb: number;
  /** What was referred to when half of the rows were read. */
  readonly liveMb: number;
}

describe('Streaming', () => {
  let database: TestDatabase;
  let db: Database;

  useDatabaseApplication({ pool: { max: 1, min: 0 } }, async (opened) => {
    ({ database, db } = opened);
    await database.query(
      `CREATE VIEW numbers AS SELECT n AS id, repeat(md5(n::text), 8) AS payload FROM generate_series(1, ${ROWS}) AS n`,
    );
  });

  const run = async (way: string): Promise<StreamReport> => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      PROGRAM,
      database.url,
      String(ROWS),
      way,
    ]);
    // The log of the library stands before it.
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as StreamReport;
  };

  it.each(['text', 'template', 'builder'])(
    `reads ${ROWS} rows of a %s with less than 100 MB of added memory`,
    async (way) => {
      const { read, addedMb } = await run(way);
      expect(read).toBe(ROWS);
      expect(addedMb).toBeLessThan(100);
    },
    60_000,
  );

  it(`keeps less than 10 MB alive half-way, and the naive reading of all rows at once more than their ${PAYLOAD_MB} MB`, async () => {
    const [all, streamed] = [await run('query'), await run('text')];
    expect([all.read, streamed.read]).toEqual([ROWS, ROWS]);
    expect(all.liveMb).toBeGreaterThan(PAYLOAD_MB);
    expect(streamed.liveMb).toBeLessThan(10);
  }, 60_000);

  it('gives the only connection back when the loop ends early, and when the statement fails', async () => {
    const seen: number[] = [];
    for await (const { id } of db.sql<{ id: number }>`SELECT * FROM numbers WHERE id > ${5}`.stream({
      batchSize: 2,
    })) {
      seen.push(id);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([6, 7, 8]);
    const failing = async () => {
      for await (const row of db.stream('SELECT 1 / (5 - n) FROM generate_series(1, $1::int) AS n', [9], {
        batchSize: 2,
      }))
        void row;
    };
    await expect(failing()).rejects.toMatchObject({ code: expect.any(String) });
    await expect(db.stream('SELECT * FROM no_such_table').next()).rejects.toBeInstanceOf(SchemaError);
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('refuses a batch size that is none before anything is sent', () => {
    for (const batchSize of [0, -1, 1.5, NaN, Infinity, 100_001, '10', null, {}]) {
      const options = { batchSize: batchSize as number };
      expect(() => db.stream('SELECT 1', [], options)).toThrow(InvalidOptionsError);
      expect(() => db.sql`SELECT 1`.stream(options)).toThrow(InvalidOptionsError);
    }
  });
});
