import type { OptionValidator } from '../config/option-validator.js';
import type { Resolved } from '../config/resolved.js';

/**
 * How the application brings its database up to date when it starts.
 *
 * @public
 */
export interface MigrationOptions {
  /**
   * Whether pending migrations are applied before the application accepts work.
   *
   * Any number of instances may start at once: one applies, the others wait for it. When a migration fails, the
   * application does not start. Needs the optional peer `@prisma/schema-engine-wasm`, and a connection straight to
   * PostgreSQL: through a pooler in transaction mode the lock would stay behind on a shared connection.
   *
   * @defaultValue false
   */
  readonly autoDeploy?: boolean | undefined;

  /**
   * The directory that holds `migration_lock.toml` and one directory for each migration; a relative path counts from
   * the working directory of the process.
   *
   * @defaultValue 'prisma/migrations'
   */
  readonly directory?: string | undefined;

  /**
   * How long to wait, in milliseconds, while another instance migrates.
   *
   * Only the wait is bounded, never the migration itself. It must be longer than the slowest migration takes, or the
   * other instances give up and have to be started again. 0 does not wait at all.
   *
   * Range: [0, 600 000].
   * @defaultValue 60_000 (1 minute)
   */
  readonly lockTimeoutMs?: number | undefined;
}

/** @internal */
export type ResolvedMigrationOptions = Resolved<MigrationOptions>;

export const DEFAULT_MIGRATION_OPTIONS = {
  autoDeploy: false,
  directory: 'prisma/migrations',
  lockTimeoutMs: 60_000,
} as const satisfies ResolvedMigrationOptions;

/** Checks the options under `migrations` and fills in the defaults; what is wrong is recorded in `validator`. */
export function resolveMigrationOptions(
  value: unknown,
  validator: OptionValidator,
): ResolvedMigrationOptions {
  const defaults = DEFAULT_MIGRATION_OPTIONS;
  const options = validator.object(value, '', Object.keys(defaults));
  return {
    autoDeploy: validator.boolean(options.autoDeploy, 'autoDeploy', defaults.autoDeploy),
    directory: validator.text(options.directory, 'directory', defaults.directory),
    lockTimeoutMs: validator.integer(options.lockTimeoutMs, 'lockTimeoutMs', defaults.lockTimeoutMs, {
      min: 0,
      max: 600_000,
    }),
  };
}
