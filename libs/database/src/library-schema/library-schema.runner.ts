import type { ErrorTarget } from '../errors/database.error.js';
import { withoutValues } from '../errors/server-text.js';
import { readText } from '../common/safe-read.js';
import { translateError } from '../fault/translate-error.js';
import { LibrarySchemaError } from './library-schema.errors.js';
import { LIBRARY_SCHEMA_LOCK_KEY, migrationTableSql, quoteSchema, stepSql } from './library-schema-script.js';
import {
  checksumOf,
  describeStep,
  stepsOf,
  type ComponentStep,
  type SchemaComponent,
} from './schema-component.js';
import type { SchemaSession } from './schema-session.port.js';

/** Others apply a handful of small statements meanwhile. */
const LOCK_TIMEOUT_MS = 60_000;
const NOT_THERE = new Set(['42P01', '3F000']);
const FORBIDDEN = '42501';

/** What {@link applyLibrarySchema} needs to know. */
export interface LibrarySchemaSettings {
  /** A name that was checked: it goes into the SQL. */
  readonly schema: string;
  readonly components: readonly SchemaComponent[];
  readonly target: ErrorTarget;
  readonly log: (line: string) => void;
}

/** The version and checksum of what was applied, by component. */
type Applied = ReadonlyMap<string, ReadonlyMap<number, string>>;

/**
 * Brings the library's own tables up to date, in a schema of their own which Prisma never looks into.
 *
 * - Up to date costs one SELECT, without a lock.
 * - Otherwise one of any number of instances that start together applies what is missing, in one transaction; the others
 *   wait for it and find it done.
 * - Steps that a newer release has applied are left alone: the two run side by side during a deploy.
 *
 * @throws {@link LibrarySchemaError} when a step was applied with other statements, or the user may not do what is missing
 * @throws {@link DatabaseError} that says what else the server or the connection said
 */
export async function applyLibrarySchema(
  session: SchemaSession,
  settings: LibrarySchemaSettings,
): Promise<void> {
  const { schema, components, target, log } = settings;
  const steps = stepsOf(components);
  let missing: readonly ComponentStep[] = [];
  try {
    const applied = await readApplied(session, schema, steps);
    missing = compare(schema, steps, applied);
    for (const { component, steps: known } of components) {
      const newest = Math.max(0, ...(applied.get(component)?.keys() ?? []));
      if (newest > Math.max(...known.map(({ version }) => version)))
        log(`A newer release has changed the tables of the ${component} already (version=${newest}).`);
    }
    if (missing.length === 0) return;
    const done = await applyMissing(session, schema, steps);
    if (done.length > 0)
      log(
        `The library's tables in the schema ${schema} were brought up to date: ${done.map(describeStep).join(', ')}.`,
      );
  } catch (error) {
    if (error instanceof LibrarySchemaError) throw error;
    const reason = readText(error, 'message');
    if (readText(error, 'code') === FORBIDDEN) {
      throw new LibrarySchemaError(
        schema,
        missing.map(({ component, version, name }) => `${component} ${version}: ${name}`),
        { kind: 'refused', reason: (reason && withoutValues(reason)) ?? 'permission denied' },
        { cause: error, target },
      );
    }
    const operation = `Creating the library's tables in the schema "${schema}"`;
    throw translateError(error, { target, operation, access: 'write', inTransaction: true });
  }
}

/** In one transaction; the caller ends the session when it fails, which takes everything back. */
async function applyMissing(
  session: SchemaSession,
  schema: string,
  steps: readonly ComponentStep[],
): Promise<readonly ComponentStep[]> {
  // Not as a snapshot, whatever the default of the role is: what others do while this one waits has to be seen.
  await session.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
  await session.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await session.query('SELECT pg_advisory_xact_lock($1::bigint)', [LIBRARY_SCHEMA_LOCK_KEY.toString()]);
  const { rows } = await session.query(
    `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
            EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = $1 AND c.relname = 'migration')`,
    [schema],
  );
  const [hasSchema, hasTable] = rows[0] ?? [];
  // Asked first: IF NOT EXISTS needs the right to create even where there is nothing to create.
  if (hasSchema !== 't') await session.script(`CREATE SCHEMA ${quoteSchema(schema)}`);
  if (hasTable !== 't') await session.script(migrationTableSql(schema));
  const missing = compare(schema, steps, await readApplied(session, schema, steps));
  for (const step of missing) await session.script(stepSql(schema, step));
  await session.query('COMMIT');
  return missing;
}

async function readApplied(
  session: SchemaSession,
  schema: string,
  steps: readonly ComponentStep[],
): Promise<Applied> {
  const components = [...new Set(steps.map(({ component }) => component))];
  const applied = new Map<string, Map<number, string>>();
  try {
    const { rows } = await session.query(
      `SELECT component, version, checksum FROM ${quoteSchema(schema)}.migration WHERE component = ANY($1::text[])`,
      [components],
    );
    for (const [component, version, checksum] of rows) {
      const versions = applied.get(component ?? '') ?? new Map<number, string>();
      applied.set(component ?? '', versions.set(Number(version), checksum ?? ''));
    }
  } catch (error) {
    if (!NOT_THERE.has(readText(error, 'code') ?? '')) throw error;
  }
  return applied;
}

/** @returns what is still to be applied */
function compare(
  schema: string,
  steps: readonly ComponentStep[],
  applied: Applied,
): readonly ComponentStep[] {
  const recorded = (step: ComponentStep) => applied.get(step.component)?.get(step.version);
  const changed = steps.filter((step) => {
    const checksum = recorded(step);
    return checksum !== undefined && checksum !== checksumOf(step);
  });
  if (changed.length > 0) {
    const names = changed.map(({ component, version, name }) => `${component} ${version}: ${name}`);
    throw new LibrarySchemaError(schema, names, { kind: 'changed' });
  }
  return steps.filter((step) => recorded(step) === undefined);
}
