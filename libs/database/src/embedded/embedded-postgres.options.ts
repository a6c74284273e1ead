import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import type { EmbeddedServerOptions } from './embedded-server.js';

/**
 * How an embedded PostgreSQL is started.
 *
 * @public
 */
export interface EmbeddedPostgresOptions extends EmbeddedServerOptions {
  /**
   * The database {@link EmbeddedPostgres.url} names, created if missing.
   *
   * @default 'postgres'
   */
  readonly database?: string;
  /**
   * Server settings by name, such as `{ work_mem: '16MB' }`. They are visible in the list of processes, and those of the
   * instance that starts the server are in force. Where it listens and how it authenticates cannot be set.
   */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface ResolvedEmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly port: number | undefined;
  readonly database: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

export const DEFAULT_EMBEDDED_POSTGRES_OPTIONS = {
  database: 'postgres',
  settings: {},
} as const satisfies Partial<ResolvedEmbeddedPostgresOptions>;

const KNOWN = ['dataDir', 'port', 'database', 'settings', 'log'];
const SETTING_NAME = /^[a-z_][a-z0-9_.]*$/;
const MAX_NAME_BYTES = 63;

/** Settings the supervision of the server and the secrecy of its data depend on. */
const MANAGED = [
  'listen_addresses',
  'port',
  'unix_socket_directories',
  'data_directory',
  'hba_file',
  'ident_file',
  'external_pid_file',
  'logging_collector',
  'log_destination',
];

/** @throws {InvalidOptionsError} */
export function resolveEmbeddedPostgresOptions(
  options: EmbeddedPostgresOptions,
): ResolvedEmbeddedPostgresOptions {
  const validator = new OptionValidator();
  validator.object(options, '', KNOWN);
  const common = readServerOptions(options, validator);
  const database = validator.text(options.database, 'database', DEFAULT_EMBEDDED_POSTGRES_OPTIONS.database);
  if (database.includes('\0') || Buffer.byteLength(database) > MAX_NAME_BYTES) {
    validator.reject('database', `is no name of at most ${MAX_NAME_BYTES} bytes.`);
  }
  const settings = options.settings ?? DEFAULT_EMBEDDED_POSTGRES_OPTIONS.settings;
  for (const [name, value] of Object.entries(settings)) {
    if (!SETTING_NAME.test(name))
      validator.reject(`settings.${name}`, 'is no name of a setting (lower case).');
    else if (MANAGED.includes(name))
      validator.reject(`settings.${name}`, 'is managed by the embedded server.');
    else if (typeof value !== 'string') validator.reject(`settings.${name}`, 'is no text.');
  }
  if (validator.violations.length > 0)
    throw new InvalidOptionsError('startEmbeddedPostgres', validator.violations);
  return { ...common, database, settings };
}

/** Reads what the options of all embedded servers have in common. */
export function readServerOptions(
  options: EmbeddedServerOptions,
  validator: OptionValidator,
): { dataDir: string; port: number | undefined; log: (line: string) => void } {
  const dataDir = validator.text(options.dataDir, 'dataDir', '');
  if (options.dataDir === undefined)
    validator.reject('dataDir', 'is missing, expected the path of a directory.');
  if (options.port !== undefined) validator.integer(options.port, 'port', 0, { min: 1, max: 65_535 });
  return { dataDir, port: options.port, log: options.log ?? (() => undefined) };
}
