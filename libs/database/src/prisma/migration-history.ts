import type { SingleConnection } from '../postgres/single-connection.js';
import { matchesChecksum, type MigrationScript } from './migration-directory.js';

const UNDEFINED_TABLE = '42P01';

/** A row of `_prisma_migrations`; a migration has several when it failed and was tried again. */
export interface MigrationRecord {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
  readonly rolledBack: boolean;
  /** What the engine wrote down when it failed. */
  readonly logs: string | null;
}

/** Where a database stands, compared with a directory of migrations. */
export interface MigrationHistory {
  readonly applied: readonly string[];
  /** In the directory and not applied, in order. */
  readonly pending: readonly string[];
  /** Started and neither finished nor rolled back: failed, unless another process is at it right now. */
  readonly unfinished: readonly MigrationRecord[];
  /** Applied, but with another text than the directory holds now. */
  readonly edited: readonly string[];
  /** Applied and not in the directory, as when an older release meets a newer database. */
  readonly unknown: readonly string[];
}

/** Compares what was applied with what the directory holds. */
export function compareHistory(
  scripts: readonly MigrationScript[],
  records: readonly MigrationRecord[],
): MigrationHistory {
  const valid = records.filter((record) => !record.rolledBack);
  const finished = new Map(valid.filter((record) => record.finished).map((record) => [record.name, record]));
  const known = new Set(scripts.map((script) => script.name));
  return {
    applied: scripts.filter((script) => finished.has(script.name)).map((script) => script.name),
    pending: scripts.filter((script) => !finished.has(script.name)).map((script) => script.name),
    unfinished: valid.filter((record) => !record.finished),
    edited: scripts
      .filter((script) => {
        const record = finished.get(script.name);
        return record !== undefined && !matchesChecksum(script.sql, record.checksum);
      })
      .map((script) => script.name),
    unknown: [...finished.keys()].filter((name) => !known.has(name)),
  };
}

/** Reads `_prisma_migrations`; a database without that table has no records. */
export async function readRecords(connection: SingleConnection): Promise<readonly MigrationRecord[]> {
  try {
    const { rows } = await connection.query(
      `SELECT migration_name, checksum, finished_at IS NOT NULL, rolled_back_at IS NOT NULL, logs
         FROM "_prisma_migrations" ORDER BY started_at`,
    );
    return rows.map(([name, checksum, finished, rolledBack, logs]) => ({
      name: name ?? '',
      checksum: checksum ?? '',
      finished: finished === 't',
      rolledBack: rolledBack === 't',
      logs: logs ?? null,
    }));
  } catch (error) {
    if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}
