import fc from 'fast-check';

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 3 });

/** Few values, so that many rows are equal, and the awkward ones among them. */
const columns = {
  rank: fc.integer({ min: -2, max: 2 }),
  score: maybe(fc.constantFrom(-2_147_483_648, -1, 0, 1, 2_147_483_647)),
  big: maybe(fc.constantFrom(-(2n ** 63n) + 1n, 0n, 9_007_199_254_740_993n, 2n ** 63n - 1n)),
  amount: maybe(fc.constantFrom('-0.000001', '0', '0.1', '99999999999999.999999')),
  ratio: maybe(fc.constantFrom(-1.5, 0, 0.1, 1e300, 5e-324)),
  title: maybe(fc.constantFrom('', 'a', 'A', 'ä', 'b_%', '100%', 'z\\', '😀', "o'b")),
  code: maybe(fc.constantFrom('a', 'ab', 'abc', 'B')),
  nick: maybe(fc.constantFrom('a', 'B', 'b', 'ä', ' a')),
  ref: maybe(fc.constantFrom('00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-4fff-bfff-ffffffffffff')),
  flag: maybe(fc.boolean()),
  level: maybe(fc.constantFrom('LOW', 'MIDDLE', 'HIGH')),
  mood: maybe(fc.constantFrom('good mood', 'bad mood')),
  at: fc.constantFrom(
    '2024-02-29 23:59:59.123456+00',
    '2024-02-29 23:59:59.123457+00',
    '2024-02-29 23:59:59.123+00',
    '1970-01-01 00:00:00+00',
  ),
  seen: maybe(
    fc.constantFrom('2024-01-01 00:00:00.000001', '2024-01-01 00:00:00.000002', '2000-01-01 00:00:00'),
  ),
  day: maybe(fc.constantFrom('2024-02-29', '1969-12-31', '2024-03-01')),
  raw: maybe(fc.constantFrom('\\x', '\\x00', '\\xff00')),
  shelf_id: maybe(fc.constantFrom(1, 2)),
};

/** A row of the table `entry` by its columns; texts as PostgreSQL reads them. */
export type EntryRow = { readonly [Column in keyof typeof columns]: unknown } & { readonly id: bigint };

/** Rows with different ids that do not follow the order of the rows. */
export const entryRows = ({ maxLength = 40 } = {}): fc.Arbitrary<EntryRow[]> =>
  fc.uniqueArray(fc.record({ id: fc.bigInt({ min: 1n, max: 10_000n }), ...columns }), {
    selector: ({ id }) => id,
    maxLength,
  });

/** The statement that puts rows into the table. */
export function insertEntries(rows: readonly EntryRow[]): { sql: string; values: unknown[] } {
  const names = ['id', ...Object.keys(columns)] as (keyof EntryRow)[];
  const json = rows.map((row) =>
    Object.fromEntries(
      names.map((name) => [name, typeof row[name] === 'bigint' ? String(row[name]) : row[name]]),
    ),
  );
  const list = names.map((name) => `"${name}"`).join(', ');
  return {
    sql: `INSERT INTO entry (${list}) SELECT ${list} FROM json_populate_recordset(NULL::entry, $1::json)`,
    values: [JSON.stringify(json)],
  };
}
