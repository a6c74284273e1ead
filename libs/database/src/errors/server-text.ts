/**
 * What PostgreSQL says in these sentences are names of tables, columns, constraints and users. Everything else, above
 * all the text of a `RAISE EXCEPTION`, may hold values of rows.
 */
const HARMLESS = [
  /^(relation|table|column|schema|database|function|type|operator|role|index|constraint|sequence|extension|prepared statement) .{1,200} (does not exist|already exists|is not unique)$/,
  /^(duplicate key value violates unique constraint|conflicting key value violates exclusion constraint) "[^"]{1,200}"$/,
  /^(insert or update|update or delete) on table "[^"]{1,63}" violates (foreign key constraint|RESTRICT setting of foreign key constraint) "[^"]{1,63}"( on table "[^"]{1,63}")?$/,
  /^null value in column "[^"]{1,63}"( of relation "[^"]{1,63}")? violates not-null constraint$/,
  /^new row for relation "[^"]{1,63}" violates (check|partition) constraint( "[^"]{1,63}")?$/,
  /^permission denied for \w+( \w+)? \S{1,63}$/,
  /^(canceling statement|terminating connection|terminating autovacuum) due to [\w -]{1,80}$/,
  /^(deadlock detected|division by zero|numeric field overflow|cached plan must not change result type)$/,
  /^could not (serialize access|obtain lock on \w+) [\w /"-]{0,100}$/,
  /^current transaction is aborted, commands ignored until end of transaction block$/,
  /^cannot execute [A-Z ]{1,40} in a read-only transaction$/,
  /^(sorry, )?too many (clients already|connections for (role|database) "[^"]{1,63}")$/,
  /^remaining connection slots are reserved for [\w -]{1,80}$/,
  /^the database system is [\w -]{1,60}$/,
  /^(password|\w+) authentication failed for user "[^"]{1,63}"$/,
  /^(integer|bigint|smallint|real|double precision|numeric|timestamp|date|interval) out of range$/,
  /^value too long for type [\w ()]{1,60}$/,
  /^invalid byte sequence for encoding "\w{1,20}": [0-9a-fx ]{1,40}$/,
];
/** In front of a value that PostgreSQL repeats; the part before it is kept. */
const BEFORE_VALUE =
  /^(invalid input syntax for type [\w ]{1,40}|invalid input value for enum \S{1,63}|syntax error at or near|syntax error at end of input|date\/time field value out of range|unterminated quoted string at or near)/;

/** The server's sentence where it cannot hold values, its beginning where that much is known, or undefined. */
export function withoutValues(serverText: string): string | undefined {
  if (HARMLESS.some((pattern) => pattern.test(serverText))) return serverText;
  return BEFORE_VALUE.exec(serverText)?.[1];
}
