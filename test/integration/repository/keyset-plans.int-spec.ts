import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenDatabase } from '../../../libs/database/src/index.js';
import { partsOf } from '../../../libs/database/src/query/database.js';
import type { ModelTable } from '../../../libs/database/src/query/model-table.js';
import type { CursorValues } from '../../../libs/database/src/repository/keyset/cursor.js';
import { resolveOrder, reversed } from '../../../libs/database/src/repository/keyset/page-order.js';
import {
  beforeStatement,
  pageStatement,
  TABLE_ALIAS,
} from '../../../libs/database/src/repository/keyset/page-statement.js';
import { compileWhere } from '../../../libs/database/src/repository/where/compile-where.js';
import { createPagesDatabase, openPages } from '../../support/pages-connection.js';
import type { TestDatabase } from '../../support/test-database.js';

/** A node of EXPLAIN (FORMAT JSON), as far as it is looked at. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Cond'?: string;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanNode[];
}

const ROWS = 1_000_000;

let database: TestDatabase;
let opened: OpenDatabase;
let table: ModelTable;

beforeAll(async () => {
  database = await createPagesDatabase();
  await database.query(`
    INSERT INTO event SELECT n, n % 10, CASE WHEN n % 4 = 0 THEN NULL ELSE n % 1000 END,
      timestamptz '2024-01-01' + (n / 3) * interval '1 microsecond' FROM generate_series(1, ${ROWS}) AS n;
    CREATE INDEX event_at ON event (at, id);
    CREATE INDEX event_score ON event (score, id);
    CREATE INDEX event_kind ON event (kind DESC, at ASC, id ASC);
    ANALYZE event`);
  opened = await openPages(database);
  table = await partsOf(opened.db).catalog.table('event');
}, 60_000);

afterAll(async () => {
  await opened.close();
  await database.drop();
});

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** What reads the table or an index of it. */
const scansOf = (nodes: readonly PlanNode[]) =>
  nodes.filter((node) => node['Node Type'].includes('Scan') && !node['Node Type'].startsWith('Subquery'));

async function explain(
  orderBy: unknown,
  cursor: CursorValues | undefined,
  isForward: boolean,
  where?: object,
  statement = pageStatement,
) {
  const order = resolveOrder(table, orderBy);
  const condition = compileWhere(table, where, TABLE_ALIAS);
  if (condition === undefined) throw new Error('The condition does not compile.');
  const { sql, values } = statement({
    table,
    order: isForward ? order : reversed(order),
    cursor,
    where: condition,
    fields: [...table.columns.values()],
    limit: 21,
  });
  const [row] = await opened.db.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
    values,
  );
  return nodesOf(
    row?.['QUERY PLAN'][0]?.Plan ?? { 'Node Type': 'none', 'Actual Rows': 0, 'Actual Loops': 0 },
  );
}

describe(`The plan of a page of ${ROWS} rows`, () => {
  const at = '2024-01-01 00:00:00.15+00';
  const forms: [string, unknown, CursorValues][] = [
    ['the primary key', undefined, ['500000']],
    ['a column and the key in one direction', { at: 'asc' }, [at, '450000']],
    ['the same downwards', { at: 'desc' }, [at, '450000']],
    ['columns of two directions', [{ kind: 'desc' }, { at: 'asc' }], ['5', at, '450005']],
    ['a nullable column', { score: 'asc' }, ['500', '500500']],
    ['a nullable column from its nulls on', { score: 'asc' }, [null, '400000']],
    ['a nullable column downwards', { score: 'desc' }, ['500', '500500']],
    ['a nullable column whose nulls are not where its index has them', { score: { sort: 'asc', nulls: 'first' } }, ['500', '500500']],
    ['the same from its nulls on', { score: { sort: 'asc', nulls: 'first' } }, [null, '400000']],
  ]; // prettier-ignore
  it.each(forms.flatMap((form) => [[...form, true] as const, [...form, false] as const]))(
    'uses an index condition and throws no row away: %s, cursor %j %j, forward: %s',
    async (_title, orderBy, cursor, isForward) => {
      for (const [statement, limit] of [
        [pageStatement, 22],
        [beforeStatement, 1],
      ] as const) {
        const scans = scansOf(await explain(orderBy, cursor, isForward, undefined, statement));
        expect(scans.length).toBeGreaterThan(0);
        for (const scan of scans) {
          expect(scan['Node Type']).toMatch(/^Index (Only )?Scan$/);
          expect(scan).toHaveProperty('Index Cond');
          expect(scan['Rows Removed by Filter'] ?? 0).toBe(0);
          expect(scan['Actual Rows'] * scan['Actual Loops']).toBeLessThanOrEqual(limit);
        }
      }
    },
  );

  it('needs no condition for the first page, and reads no more rows than it has', async () => {
    for (const orderBy of [{ at: 'desc' }, { score: 'desc' }, { score: { sort: 'desc', nulls: 'last' } }]) {
      const scans = scansOf(await explain(orderBy, undefined, true));
      expect(scans.length).toBeGreaterThan(0);
      for (const scan of scans) {
        expect(scan['Node Type']).toMatch(/^Index (Only )?Scan$/);
        expect(scan['Rows Removed by Filter'] ?? 0).toBe(0);
        expect(scan['Actual Rows'] * scan['Actual Loops']).toBeLessThanOrEqual(21);
      }
    }
  });

  it('keeps to the index with a condition on its leading column, where the naive OR reads every row before the cursor', async () => {
    const nodes = await explain([{ kind: 'desc' }, { at: 'asc' }], ['5', at, '450005'], true, { kind: 5 });
    expect(Math.max(...nodes.map((node) => node['Rows Removed by Filter'] ?? 0))).toBe(0);
    const [naive] = await opened.db.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM event WHERE at > $1 OR (at = $1 AND id > $2) ORDER BY at, id LIMIT 21`,
      [at, '450000'],
    );
    const removed = nodesOf(naive?.['QUERY PLAN'][0]?.Plan as PlanNode).map(
      (node) => node['Rows Removed by Filter'] ?? 0,
    );
    expect(Math.max(...removed)).toBeGreaterThan(100_000);
  });
});
