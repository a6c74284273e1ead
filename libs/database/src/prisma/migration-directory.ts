import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { MigrationSetupError } from '../migration/migration.errors.js';

/** One migration as the directory holds it. */
export interface MigrationScript {
  /** Name of its directory; the names' order is the order of application. */
  readonly name: string;
  readonly sql: string;
}

/** The migrations of an application, in the order in which they are applied. */
export interface MigrationDirectory {
  readonly path: string;
  /** Content of `migration_lock.toml`, which names the provider; null when there is none. */
  readonly lockfile: string | null;
  readonly scripts: readonly MigrationScript[];
}

export const LOCKFILE_NAME = 'migration_lock.toml';
export const SCRIPT_NAME = 'migration.sql';

/**
 * Reads every migration below `directory`.
 *
 * @throws {MigrationSetupError} when the directory is missing or holds no migration, or when one has no script.
 */
export async function readMigrationDirectory(directory: string): Promise<MigrationDirectory> {
  const absolute = path.resolve(directory);
  const entries = await readdir(absolute, { withFileTypes: true }).catch((cause: unknown) => {
    throw new MigrationSetupError({ kind: 'directory-missing', directory: absolute }, { cause });
  });
  // By code unit as the engine does; a collation would depend on the machine.
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  if (names.length === 0) throw new MigrationSetupError({ kind: 'no-migrations', directory: absolute });
  const scripts = await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(path.join(absolute, name, SCRIPT_NAME), 'utf8').catch((cause: unknown) => {
        throw new MigrationSetupError(
          { kind: 'script-missing', directory: absolute, migration: name },
          { cause },
        );
      });
      return { name, sql };
    }),
  );
  const lockfile = await readFile(path.join(absolute, LOCKFILE_NAME), 'utf8').catch(() => null);
  return { path: absolute, lockfile, scripts };
}

/** Whether `checksum` was taken of `sql`, with whatever line endings the checkout had at that time. */
export function matchesChecksum(sql: string, checksum: string): boolean {
  const unix = sql.replaceAll('\r\n', '\n');
  return [sql, unix, unix.replaceAll('\n', '\r\n')].some((text) => sha256(text) === checksum);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
