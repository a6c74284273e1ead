import { describe, expect, it } from '@jest/globals';
import { statementKind } from './statement-kind.js';

describe('the kind of a statement', () => {
  it.each([
    ['SELECT 1', 'read'],
    ['  -- a note\n /* more */ (select "a" from "t")', 'read'],
    ['VALUES (1)', 'read'],
    ['SELECT * INTO copy FROM t', 'write'],
    ["SELECT nextval('s')", 'write'],
    ['WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone', 'write'],
    ['INSERT INTO t VALUES (1)', 'write'],
    ['SELECT debit(10)', 'write'],
    ['SELECT "debit"(10)', 'write'],
    ['SELECT audit.log_it (1)', 'write'],
    ["SELECT 'debit(10)'", 'read'],
    ['SELECT COUNT(*), coalesce("a", 1) FROM "t" WHERE "id" IN (1, 2) AND EXISTS (SELECT 1)', 'read'],
    ['select 1; delete from t', 'unclear'],
    ['INSERT INTO t VALUES (1); COMMIT', 'unclear'],
    ["SELECT 'a; b'", 'read'],
    ["PREPARE TRANSACTION 'x'", 'unclear'],
    ["ROLLBACK PREPARED 'x'", 'unclear'],
    ['COMMIT', 'commit'],
    ['end', 'commit'],
    ["COMMIT PREPARED 'x'", 'unclear'],
    ['ROLLBACK', 'control'],
    ['SAVEPOINT s1', 'control'],
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'control'],
    ['', 'write'],
    ['CALL something()', 'write'],
  ])('of %j is %s', (sql, kind) => {
    expect(statementKind(sql)).toBe(kind);
  });

  it('is found in linear time, however much noise is in front', () => {
    const noise = '/* '.repeat(50_000);
    const started = performance.now();
    expect(statementKind(`${noise}SELECT 1`)).toBe('write');
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
