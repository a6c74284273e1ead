import type { PostgresTarget } from '../config/connection-url.js';
import type { PasswordProvider } from '../config/password.js';
import type { ErrorTarget } from '../errors/database.error.js';
import { MigrationSetupError, type MigrationLockHolder } from '../migration/migration.errors.js';
import { acquireAdvisoryLocks, releaseAdvisoryLocks } from '../postgres/advisory-lock.js';
import type { LoginGate } from '../postgres/login-gate.js';
import { SingleConnection } from '../postgres/single-connection.js';
import type { ResolvedTlsOptions } from '../postgres/tls.options.js';
import { MigrationAdapterFactory } from './migration-adapter.js';
import { readMigrationDirectory, type MigrationDirectory } from './migration-directory.js';
import { translateMigrationFailure } from './migration-failure.js';
import { compareHistory, readRecords, type MigrationHistory } from './migration-history.js';
import { applyMigrations } from './schema-engine.js';

/** Ours, "nestdbmg" in ASCII. It keeps our instances apart from each other, whatever the engine does. */
export const MIGRATION_LOCK_KEY = 0x6e657374_64626d67n;
/** The engine's own. Held beforehand, so that the engine never blocks on it and Prisma's CLI is kept out as well. */
export const ENGINE_LOCK_KEY = 72_707_369n;

const CONNECT_TIMEOUT_MS = 10_000;
const TARGET: ErrorTarget = { kind: 'postgres', connection: 'default' };

/** What {@link PrismaMigrationRunner} needs to know. */
export interface MigrationRunnerSettings {
  /** Must lead straight to PostgreSQL, not through a pooler in transaction mode. Its schema receives the tables. */
  readonly url: PostgresTarget;
  readonly password: PasswordProvider | undefined;
  readonly tls: ResolvedTlsOptions | false;
  /** The session adds ` migrate` to it, so that others see in `pg_stat_activity` who holds the lock. */
  readonly applicationName: string;
  readonly directory: string;
  readonly lockTimeoutMs: number;
  readonly log: (line: string) => void;
  /** Ends everything that comes before the first migration, the connect included; one that runs is never cut short. */
  readonly signal?: AbortSignal;
  /** Called once the lock is held and something is pending, before anything is changed; what it throws ends the deploy. */
  readonly onApply?: () => void;
  readonly logins?: LoginGate;
}

/**
 * What a deploy has done.
 *
 * @public
 */
export interface MigrationReport {
  /** The migrations this deploy applied, in order. */
  readonly applied: readonly string[];
  /** How many of the directory were applied before. */
  readonly alreadyApplied: number;
  readonly elapsedMs: number;
}

/**
 * Brings a database up to the migrations of a directory, with the engine and the records of Prisma Migrate.
 *
 * Where nothing is to be done, a deploy costs one connection and one query: no lock, no engine. Otherwise one of any
 * number of simultaneous deploys applies what is pending while the others wait, look again and find it done.
 */
export class PrismaMigrationRunner {
  private applying = false;

  constructor(private readonly settings: MigrationRunnerSettings) {}

  /**
   * Applies what is pending, in order, and stops at the first migration that fails.
   *
   * @throws {MigrationFailedError} when a migration fails, or failed earlier and was not dealt with.
   * @throws {MigrationLockTimeoutError} when another deploy took longer than `lockTimeoutMs`.
   * @throws {MigrationSetupError} when the directory, the engine or the database cannot be used, or when an applied
   *   migration has been edited.
   * @throws {MigrationInterruptedError} when the connection is lost or the engine crashes on the way.
   * @throws {ConnectionError} when no connection can be had.
   * @throws the signal's reason when `signal` is aborted before the first migration begins.
   */
  async deploy(): Promise<MigrationReport> {
    const started = performance.now();
    const { url, password, tls, applicationName, log, signal, logins } = this.settings;
    this.applying = false;
    const directory = await readMigrationDirectory(this.settings.directory);
    const connection = await SingleConnection.open({
      url,
      password,
      tls,
      applicationName: `${applicationName} migrate`,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      target: TARGET,
      signal,
      logins,
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
    // A server that has fallen silent would not let go of a query; the end of the session releases its locks.
    const giveUp = (): void => {
      if (!this.applying) connection.destroy();
    };
    signal?.addEventListener('abort', giveUp);
    const adapter = new MigrationAdapterFactory(connection, url.schema);
    try {
      signal?.throwIfAborted();
      const before = await this.examine(connection, directory);
      if (before.unknown.length > 0) {
        log(`A newer release has been here; not in ${directory.path}: ${before.unknown.join(', ')}.`);
      }
      const applied = isUpToDate(before) ? [] : await this.applyPending(connection, directory, adapter);
      const elapsedMs = Math.round(performance.now() - started);
      log(
        applied.length === 0
          ? `The database is up to date (migrations=${directory.scripts.length}, ${elapsedMs} ms).`
          : `Migrations applied in ${elapsedMs} ms: ${applied.join(', ')}.`,
      );
      return { applied, alreadyApplied: directory.scripts.length - applied.length, elapsedMs };
    } catch (error) {
      if (!this.applying) signal?.throwIfAborted();
      const records = await readRecords(connection).catch(() => []);
      const { scriptFailure } = adapter;
      throw translateMigrationFailure(error, { records, scriptFailure, connectionLost: connection.lost });
    } finally {
      signal?.removeEventListener('abort', giveUp);
      await connection.close();
    }
  }

  private async applyPending(
    connection: SingleConnection,
    directory: MigrationDirectory,
    adapter: MigrationAdapterFactory,
  ): Promise<readonly string[]> {
    const { lockTimeoutMs, signal, onApply, log, url } = this.settings;
    await acquireAdvisoryLocks(connection, {
      keys: [MIGRATION_LOCK_KEY, ENGINE_LOCK_KEY],
      timeoutMs: lockTimeoutMs,
      signal,
      onWait: (holder) => log(`Waiting for another deploy to finish${describeHolder(holder)}.`),
    });
    try {
      const history = await this.examine(connection, directory);
      if (isUpToDate(history)) return [];
      signal?.throwIfAborted();
      onApply?.();
      this.applying = true;
      log(`Applying migrations from ${directory.path}: ${history.pending.join(', ')}.`);
      if (url.schema !== undefined) await ensureSchema(connection, url.schema);
      return await applyMigrations(adapter, directory);
    } finally {
      await releaseAdvisoryLocks(connection);
    }
  }

  private async examine(
    connection: SingleConnection,
    directory: MigrationDirectory,
  ): Promise<MigrationHistory> {
    const history = compareHistory(directory.scripts, await readRecords(connection));
    if (history.edited.length > 0)
      throw new MigrationSetupError({ kind: 'edited', migrations: history.edited });
    return history;
  }
}

/** Asks first: `CREATE SCHEMA IF NOT EXISTS` needs the right to create schemas even where there is nothing to create. */
async function ensureSchema(connection: SingleConnection, schema: string): Promise<void> {
  const { rows } = await connection.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rows.length === 0) await connection.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
}

function isUpToDate({ pending, unfinished }: MigrationHistory): boolean {
  return pending.length === 0 && unfinished.length === 0;
}

function describeHolder(holder: MigrationLockHolder | undefined): string {
  return holder === undefined ? '' : ` (pid=${holder.pid}, application_name="${holder.applicationName}")`;
}
