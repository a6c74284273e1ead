import {
  checksumOf,
  describeStep,
  stepsOf,
  type ComponentStep,
  type SchemaComponent,
} from './schema-component.js';

/** "nestdbls" in ASCII. One key for every schema: nobody waits for long, and nobody needs another. */
export const LIBRARY_SCHEMA_LOCK_KEY = 0x6e657374_64626c73n;

const QUOTE = '$nestjs_database$';

/** The schema as it stands in SQL. Only for a name that was checked, see `readLibrarySchema`. */
export function quoteSchema(schema: string): string {
  return `"${schema}"`;
}

/** The table that knows what was applied. */
export function migrationTableSql(schema: string): string {
  return `CREATE TABLE ${quoteSchema(schema)}.migration (
  component text NOT NULL,
  version integer NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (component, version)
);`;
}

/** The statements of a step, and the row that says that it was applied. */
export function stepSql(schema: string, step: ComponentStep): string {
  const { component, version, name, sql } = step;
  const values = [text(component), version, text(name), text(checksumOf(step))].join(', ');
  return `${sql.replaceAll('{schema}', () => quoteSchema(schema)).trim()}
INSERT INTO ${quoteSchema(schema)}.migration (component, version, name, checksum) VALUES (${values});`;
}

/** Everything as one script that can be run again and again, for those who apply DDL by hand. */
export function libraryScript(schema: string, components: readonly SchemaComponent[]): string {
  const table = quoteSchema(schema);
  const steps = stepsOf(components).map((step) => {
    const missing = `SELECT FROM ${table}.migration WHERE component = ${text(step.component)} AND version = ${step.version}`;
    return `-- ${describeStep(step)}
DO ${QUOTE} BEGIN
IF NOT EXISTS (${missing}) THEN
${stepSql(schema, step)}
END IF;
END ${QUOTE};`;
  });
  return `BEGIN;
SELECT pg_advisory_xact_lock(${LIBRARY_SCHEMA_LOCK_KEY});
CREATE SCHEMA IF NOT EXISTS ${table};
${migrationTableSql(schema).replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')}
${steps.join('\n')}
COMMIT;
`;
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
