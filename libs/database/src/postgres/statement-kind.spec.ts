import { describe, expect, it } from '@jest/globals';
import { statementKind, transactionControl } from './statement-kind.js';

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
    [String.raw`SELECT E'\''; DELETE FROM t WHERE x='a'`, 'unclear'],
    [String.raw`SELECT E'\'' FROM t`, 'write'],
    [String.raw`INSERT INTO t VALUES ('\x00ff')`, 'write'],
    ["SELECT $$'$$; DELETE FROM t WHERE x='a'", 'unclear'],
    ["SELECT $tag$'$tag$; DELETE FROM t WHERE x='a'", 'unclear'],
    ['SELECT "a" FROM "t" WHERE "id" = $1 AND "b" = $2', 'read'],
    [`SELECT "it's"; DELETE FROM t WHERE x='a'`, 'unclear'],
    ["SELECT 1 /* it's */; DELETE FROM t WHERE x='a'", 'unclear'],
    ["SELECT 1 -- it's\n; DELETE FROM t WHERE x='a'", 'unclear'],
    ["SELECT 1 /* traceparent='00-01' */", 'read'],
    ["SELECT '--', '/*'; DELETE FROM t", 'unclear'],
    ['/* /* */ SELECT 1 */ DELETE FROM t', 'unclear'],
    [`SELECT "two words"(1)`, 'write'],
    ['', 'write'],
    ['CALL something()', 'write'],
  ])('of %j is %s', (sql, kind) => {
    expect(statementKind(sql)).toBe(kind);
  });

  it('is found in linear time, however much noise is in front', () => {
    const noise = '/* '.repeat(200_000);
    const started = process.cpuUsage();
    expect(statementKind(`${noise}SELECT 1`)).toBe('unclear');
    for (const part of ["'", '"', "''", '-- ', '*/', '/***'])
      expect(statementKind(`SELECT 1 ${part.repeat(200_000)}`)).not.toBe('commit');
    expect(statementKind(`SELECT '${'x'.repeat(50_000_000)}'`)).toBe('read');
    // Time in proportion to the square of it would be minutes.
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(5_000);
  });
});

describe('transactionControl', () => {
  it.each([
    ['COMMIT', 'COMMIT'],
    [' ( commit and chain', 'COMMIT'],
    ['-- first\n/* then */ rollback', 'ROLLBACK'],
    ['START  TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'START  TRANSACTION'],
    ["PREPARE TRANSACTION 'x'", 'PREPARE TRANSACTION'],
    ['end', 'END'],
    [';;abort', 'ABORT'],
  ])('names the command of %j', (sql, command) => {
    expect(transactionControl(sql)).toBe(command);
  });

  it.each([
    'SELECT 1',
    'ROLLBACK TO SAVEPOINT a',
    'rollback work to a',
    'SAVEPOINT a',
    'PREPARE plan AS SELECT 1',
    "/* COMMIT */ SELECT 'COMMIT'",
    'SELECT "end" FROM ends',
    'endless',
  ])('finds none in %j', (sql) => {
    expect(transactionControl(sql)).toBeUndefined();
  });
});
