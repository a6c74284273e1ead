import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { plannedSchema } from './support/planned-schema.js';

jest.setTimeout(60_000);

let database: TestDatabase;
beforeAll(async () => {
  // A copy of an empty database to which every migration was applied.
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

/** Columns, keys, indexes and enums; without the checks, which Prisma's schema cannot say. */
async function describeSchema(schema: string): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `SELECT replace(line, $1 || '.', '') AS line FROM (
       SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
         CASE WHEN a.attnotnull THEN ' NOT NULL' END, ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) AS line
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE c.relnamespace = $1::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
       UNION ALL
       SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
       WHERE c.relnamespace = $1::regnamespace
       UNION ALL
       SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
       WHERE connamespace = $1::regnamespace AND contype IN ('p', 'u', 'f')
       UNION ALL
       SELECT format('%s %s', t.typname, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder))
       FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = $1::regnamespace GROUP BY t.typname
     ) AS lines ORDER BY line`,
    [schema],
  );
  return rows.map(({ line }) => line).filter((line) => !line.includes('_prisma_migrations'));
}

describe('The migrations of the shop', () => {
  it('make the tables that its schema describes, no more and no less', async () => {
    const sql = await plannedSchema(database.url);
    const tables = sql.replace(/CREATE SCHEMA IF NOT EXISTS "public";/, '');
    await database.query(`CREATE SCHEMA planned; SET search_path = planned; ${tables}; RESET search_path`);
    const planned = await describeSchema('planned');
    expect(planned.length).toBeGreaterThan(50);
    expect(await describeSchema('public')).toEqual(planned);
  });

  it('are noticed when one is forgotten', async () => {
    const before = await describeSchema('public');
    await database.query('DROP INDEX product_name_idx');
    expect(before.filter((line) => line.includes('product_name_idx'))).toHaveLength(1);
    expect(await describeSchema('public')).not.toEqual(before);
  });
});
