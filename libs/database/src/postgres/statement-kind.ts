/**
 * What a statement can have done when its answer is lost.
 *
 * `read` changes nothing, `commit` ends a transaction, `control` begins, shapes or abandons one, and everything else is
 * a `write`.
 */
export type StatementKind = 'read' | 'write' | 'commit' | 'control';

const LEADING_NOISE = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/|\()+/;
const COMMIT = /^(?:commit|end)\b(?!\s+prepared)/i;
const CONTROL = /^(?:begin|start\s+transaction|rollback|abort|savepoint|release|set|reset|discard)\b/i;
const READ = /^(?:select|values|table|show|fetch)\b/i;
const SEVERAL = /;\s*\S/;
// `SELECT … INTO` makes a table; the functions are those that change something in everyday use.
const WRITING_READ =
  /\binto\b|\b(?:nextval|setval|set_config|pg_notify|pg_advisory\w*|pg_try_advisory\w*|lo_\w+|dblink\w*)\s*\(/i;

/**
 * Reads the kind from the text, and takes what it does not know for a write, so that a doubt never leads to a
 * repetition.
 *
 * A `SELECT` counts as a read although a function it calls may write: the text does not tell.
 */
export function statementKind(sql: string): StatementKind {
  const text = sql.replace(LEADING_NOISE, '');
  if (SEVERAL.test(text)) return 'write';
  if (COMMIT.test(text)) return 'commit';
  if (CONTROL.test(text)) return 'control';
  return READ.test(text) && !WRITING_READ.test(text) ? 'read' : 'write';
}
