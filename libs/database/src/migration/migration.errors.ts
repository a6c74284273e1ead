import { DatabaseError, type DatabaseErrorOptions, type ErrorOutcome } from '../errors/database.error.js';

/**
 * What the server said about a migration's script.
 *
 * @public
 */
export interface MigrationFailure {
  /** The server's sentence; never its detail, which may hold row contents. */
  readonly reason: string;
  /** SQLSTATE. */
  readonly sqlState?: string | undefined;
  /** Line of `migration.sql` the server points at, counting from 1. */
  readonly line?: number | undefined;
  /** Whether it failed in an earlier deploy and blocks this one. */
  readonly earlier: boolean;
}

/**
 * A migration could not be applied, now or in an earlier deploy; the ones after it were not tried.
 *
 * The script runs as one implicit transaction, so that nothing of it remains, unless it commits by itself or holds a
 * statement that cannot run in a transaction.
 *
 * @public
 */
export class MigrationFailedError extends DatabaseError {
  override readonly name = 'MigrationFailedError';
  readonly code = 'MIGRATION_FAILED';
  readonly retryable = false;

  constructor(
    /** Name of its directory. */
    readonly migration: string,
    /** What the server said, and where in the script. */
    readonly failure: MigrationFailure,
    options?: DatabaseErrorOptions,
  ) {
    const { reason, sqlState, line, earlier } = failure;
    const place = [
      sqlState === undefined ? '' : `SQLSTATE ${sqlState}`,
      line === undefined ? '' : `line ${line}`,
    ];
    const details = place.filter((part) => part !== '').join(', ');
    super(
      `Migration \`${migration}\` failed${earlier ? ' in an earlier deploy and blocks this one' : ''}: ${fullStop(reason)}` +
        `${details === '' ? '' : ` (${details})`} Its script was rolled back, unless it commits by itself or uses ` +
        '`CONCURRENTLY`: undo by hand what it left. Then correct `migration.sql`, mark the attempt as rolled back with ' +
        `\`${rollbackSql(migration)}\` (or \`npx prisma migrate resolve --rolled-back ${migration}\`), and deploy again.`,
      options,
    );
  }
}

/**
 * The deploy was cut short from outside: its connection was lost, or the engine crashed. Whether the migration that
 * was running took effect is not known.
 *
 * @public
 */
export class MigrationInterruptedError extends DatabaseError {
  override readonly name = 'MigrationInterruptedError';
  readonly code = 'MIGRATION_FAILED';
  readonly retryable = false;
  override readonly outcome: ErrorOutcome = 'unknown';

  constructor(
    /** A phrase that completes "The deploy was cut short:". */
    readonly reason: string,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `The deploy was cut short: ${fullStop(reason)} Start it again. A migration that was left unfinished is named then, ` +
        'with what to do about it.',
      options,
    );
  }
}

/**
 * The session that holds the migration lock.
 *
 * @public
 */
export interface MigrationLockHolder {
  /** Process id of the session on the server, for `pg_terminate_backend`. */
  readonly pid: number;
  /** Empty when the session gave none or this role may not see it. */
  readonly applicationName: string;
  /** When the session connected; undefined where this role may not see it. */
  readonly connectedSince: Date | undefined;
}

/**
 * Another session held the migration lock for the whole wait.
 *
 * @public
 */
export class MigrationLockTimeoutError extends DatabaseError {
  override readonly name = 'MigrationLockTimeoutError';
  readonly code = 'MIGRATION_LOCK_TIMEOUT';
  readonly retryable = true;

  constructor(
    /** How long the lock was tried for, in milliseconds. */
    readonly waitedMs: number,
    /** Who held it; undefined when it let go while it was being looked up. */
    readonly holder: MigrationLockHolder | undefined,
    options?: DatabaseErrorOptions,
  ) {
    super(
      `The migration lock was not free within ${waitedMs} ms (${describeHolder(holder)}). Wait until that deploy has ` +
        'ended, or raise `migrations.lockTimeoutMs` above the time the slowest migration takes. If no deploy is running, ' +
        `end the session${holder === undefined ? '.' : ` with \`SELECT pg_terminate_backend(${holder.pid})\`.`}`,
      options,
    );
  }
}

/**
 * Why the migrations cannot be run at all.
 *
 * @public
 */
export type MigrationSetupProblem =
  | { readonly kind: 'directory-missing'; readonly directory: string }
  | { readonly kind: 'no-migrations'; readonly directory: string }
  | { readonly kind: 'script-missing'; readonly directory: string; readonly migration: string }
  | { readonly kind: 'engine-missing'; readonly version: string }
  /** Installed is a release the library does not work with. */
  | { readonly kind: 'engine-unsupported'; readonly version: string; readonly installed: string }
  | { readonly kind: 'engine-unusable'; readonly version: string }
  | { readonly kind: 'no-history' }
  | { readonly kind: 'edited'; readonly migrations: readonly string[] }
  /** The engine or the server said no; `refusal` is its code, such as `P3019` or a SQLSTATE. */
  | { readonly kind: 'refused'; readonly refusal: string; readonly reason: string };

/**
 * The migrations cannot be run: the directory, the engine or the database is not in the state they need. Nothing was
 * changed.
 *
 * @public
 */
export class MigrationSetupError extends DatabaseError {
  override readonly name = 'MigrationSetupError';
  readonly code = 'MIGRATION_SETUP';
  readonly retryable = false;

  constructor(
    /** What is missing or wrong, by `kind`. */
    readonly problem: MigrationSetupProblem,
    options?: DatabaseErrorOptions,
  ) {
    super(describeProblem(problem), options);
  }
}

function describeProblem(problem: MigrationSetupProblem): string {
  const install = 'npm install --save-exact @prisma/schema-engine-wasm@';
  switch (problem.kind) {
    case 'directory-missing':
      return `The migrations directory \`${problem.directory}\` cannot be read. Set \`migrations.directory\`, and make sure the directory is part of what is deployed.`;
    case 'no-migrations':
      return `The migrations directory \`${problem.directory}\` holds no migration. Create one with \`npx prisma migrate dev\`, or set \`migrations.autoDeploy\` to false.`;
    case 'script-missing':
      return `Migration \`${problem.migration}\` in \`${problem.directory}\` has no readable \`migration.sql\`. Restore the file, or remove the directory if the migration was never applied.`;
    case 'engine-missing':
      return `Applying migrations needs the package \`@prisma/schema-engine-wasm\`, which is not installed. Run \`${install}${problem.version}\`.`;
    case 'engine-unsupported':
      return `The installed \`@prisma/schema-engine-wasm\` is ${problem.installed}; this library needs 7.10 or a later 7. Run \`${install}${problem.version}\`, the version it was tested with.`;
    case 'engine-unusable':
      return `The installed \`@prisma/schema-engine-wasm\` could not be loaded. Run \`${install}${problem.version}\`, the version this library was tested with.`;
    case 'no-history':
      return 'The database has tables but no record of applied migrations. If it already has the shape of the first migrations, record each of them as applied with `npx prisma migrate resolve --applied <migration>` (a baseline); otherwise use an empty database.';
    case 'edited':
      return `${list(problem.migrations)} changed after being applied. Restore the applied text and put the change into a new migration.`;
    case 'refused':
      return `The migrations were refused (${problem.refusal}): ${fullStop(problem.reason)} Correct that and deploy again.`;
  }
}

/** The statement that lets a failed migration be tried again. */
function rollbackSql(migration: string): string {
  const name = migration.replaceAll("'", "''");
  return `UPDATE "_prisma_migrations" SET rolled_back_at = now() WHERE migration_name = '${name}' AND finished_at IS NULL AND rolled_back_at IS NULL`;
}

function describeHolder(holder: MigrationLockHolder | undefined): string {
  if (holder === undefined) return 'its holder changed meanwhile';
  const { pid, applicationName, connectedSince } = holder;
  const since = connectedSince === undefined ? '' : `, connected since ${connectedSince.toISOString()}`;
  return `held by pid=${pid}, application_name="${applicationName}"${since}`;
}

function list(names: readonly string[]): string {
  return `Migration${names.length === 1 ? '' : 's'} ${names.map((name) => `\`${name}\``).join(', ')}`;
}

function fullStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
