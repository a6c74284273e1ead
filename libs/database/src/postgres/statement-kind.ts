/**
 * What a statement can have done when its answer is lost.
 *
 * `read` changes nothing, `commit` ends a transaction, `control` begins, shapes or abandons one, `write` belongs to the
 * transaction it runs in. `unclear` may have ended that transaction itself: several statements in one text, and the two
 * phases of a prepared transaction.
 */
export type StatementKind = 'read' | 'write' | 'commit' | 'control' | 'unclear';

/** Literals, quoted names and comments; whichever begins first hides what looks like another one inside it. */
const OPAQUE = /'[^']*(?:''[^']*)*'|"[^"]*"|--[^\n]*|\/\*[^*]*(?:\*(?!\/)[^*]*)*(?:\*\/|$)/g;
/** `E'\''` and `$tag$ … $tag$`: where their literals end is not known here. */
const UNREADABLE = /\\|\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/i;
const LEADING_NOISE = /^[\s(]+/;
const SEVERAL = /;\s*\S/;
const TWO_PHASES = /^(?:prepare\s+transaction|(?:commit|rollback)\s+prepared)\b/i;
const COMMIT = /^(?:commit|end)\b/i;
const CONTROL = /^(?:begin|start\s+transaction|rollback|abort|savepoint|release|set|reset|discard)\b/i;
const READ = /^(?:select|values|table|show|fetch)\b/i;
/** `SELECT … INTO` makes a table. */
const INTO = /\binto\b/i;
const CALL = /("?)([a-z_][\w$]*)\1\s*\(/gi;

/** What may stand before a parenthesis in a statement that only reads: words of the language, types, and functions. */
const HARMLESS = new Set(
  (
    'select from where and or not in exists any all some as on using join lateral over filter within partition by ' +
    'order group having union except intersect values case when then else between like ilike is distinct array row cast ' +
    'limit offset with only tablesample rows range return interval numeric decimal varchar char character bit timestamp ' +
    'timestamptz time ' +
    'count sum avg min max bool_and bool_or every array_agg string_agg json_agg jsonb_agg json_object_agg ' +
    'jsonb_object_agg coalesce nullif greatest least lower upper initcap length char_length octet_length substring substr ' +
    'left right trim btrim ltrim rtrim lpad rpad concat concat_ws replace translate split_part strpos position reverse ' +
    'repeat format md5 encode decode to_hex regexp_replace regexp_match regexp_matches round floor ceil ceiling trunc abs ' +
    'mod power sqrt sign random now date_trunc date_part date_bin extract age to_char to_date to_timestamp to_number ' +
    'make_date make_interval make_timestamp clock_timestamp statement_timestamp transaction_timestamp ' +
    'json_build_object jsonb_build_object json_build_array jsonb_build_array to_json to_jsonb row_to_json array_to_json ' +
    'json_array_elements jsonb_array_elements json_array_elements_text jsonb_array_elements_text jsonb_each jsonb_each_text ' +
    'json_extract_path jsonb_extract_path jsonb_extract_path_text jsonb_set jsonb_typeof jsonb_array_length ' +
    'jsonb_path_exists jsonb_path_query unnest generate_series array_length array_position array_remove array_to_string ' +
    'string_to_array cardinality row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value ' +
    'nth_value percentile_cont percentile_disc mode stddev variance corr to_tsvector to_tsquery plainto_tsquery ' +
    'phraseto_tsquery websearch_to_tsquery ts_rank ts_headline similarity gen_random_uuid version current_setting ' +
    'current_database current_schema pg_backend_pid pg_sleep pg_typeof pg_column_size pg_xact_status ' +
    'pg_current_xact_id_if_assigned pg_blocking_pids pg_is_in_recovery pg_total_relation_size pg_size_pretty'
  ).split(' '),
);

/** Reads the kind from the text, and takes what it does not know for a write, so that a doubt never leads to a repetition. */
export function statementKind(sql: string): StatementKind {
  let comments = 'plain';
  const text = sql
    .replace(OPAQUE, (part) => {
      if (part.startsWith("'")) return "''";
      if (part.startsWith('"')) return '"quoted"';
      if (part.startsWith('/*') && part.includes('/*', 2)) comments = 'nested';
      return ' ';
    })
    .replace(LEADING_NOISE, '');
  const unreadable = UNREADABLE.test(sql);
  if (comments === 'nested' || SEVERAL.test(unreadable ? sql : text) || TWO_PHASES.test(text))
    return 'unclear';
  if (COMMIT.test(text)) return 'commit';
  if (CONTROL.test(text)) return 'control';
  return !unreadable && READ.test(text) && !INTO.test(text) && callsOnlyHarmless(text) ? 'read' : 'write';
}

const MAY_END = /^[\s(;]*(?:--|\/\*|commit|end|rollback|abort|begin|start|prepare)/i;
const ENDS =
  /^[\s(;]*(commit|end|abort|begin|start\s+transaction|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/** What dollar quotes hold is one literal, the body of a function for instance. */
const DOLLAR_QUOTED = /\$([a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/gi;

/** The command by which a text begins, ends or prepares a transaction, if one does; savepoints do not. */
export function transactionControl(sql: string): string | undefined {
  // Nearly every statement is told by its first letters.
  if (!MAY_END.test(sql) && !sql.includes(';')) return undefined;
  const text = sql.replace(DOLLAR_QUOTED, "''").replace(OPAQUE, ' ');
  for (const statement of text.split(';')) {
    const command = ENDS.exec(statement)?.[1];
    if (command !== undefined) return command.toUpperCase();
  }
  return undefined;
}

/** Any function may write; only those that are known not to are left to a read. */
function callsOnlyHarmless(text: string): boolean {
  for (const [, , name = ''] of text.matchAll(CALL)) if (!HARMLESS.has(name.toLowerCase())) return false;
  return true;
}
