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
   * instance that starts the server are in force. Where it listens, how it authenticates, which files it goes by and
   * what it writes for the supervisor cannot be set.
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

/** Settings the supervision of the server and the secrecy of its data depend on, besides those of {@link MANAGED_FAMILY}. */
const MANAGED = new Set([
  // Where it listens, and who is told of it.
  ...['listen_addresses', 'port', 'unix_socket_directories', 'bonjour', 'bonjour_name'],
  // Which files it goes by: each of them may say anything, the authentication included.
  ...['config_file', 'data_directory', 'hba_file', 'ident_file', 'external_pid_file'],
  // How it authenticates: by SCRAM, which a password that is kept in another way would defeat.
  ...['password_encryption', 'krb_server_keyfile', 'oauth_validator_libraries'],
  // What the supervisor reads: the server's words on its standard error, in English, with the reason of a failed start.
  ...['logging_collector', 'log_destination', 'log_min_messages', 'lc_messages'],
]);

/** On the loopback interface nothing is encrypted, and the supervisor does not speak TLS. */
const MANAGED_FAMILY = /^ssl(_|$)/;

/** @throws {InvalidOptionsError} */
export function resolveEmbeddedPostgresOptions(
  options: EmbeddedPostgresOptions,
): ResolvedEmbeddedPostgresOptions {
  const validator = new OptionValidator();
  const resolved = readEmbeddedPostgresOptions(options, validator);
  if (validator.violations.length > 0)
    throw new InvalidOptionsError('startEmbeddedPostgres', validator.violations);
  return resolved;
}

/** Reads options of unknown shape; the result can be used while the validator has found nothing wrong. */
export function readEmbeddedPostgresOptions(
  value: unknown,
  validator: OptionValidator,
): ResolvedEmbeddedPostgresOptions {
  const options = validator.object(value, '', KNOWN);
  const common = readServerOptions(options, validator);
  const database = validator.text(
    options['database'],
    'database',
    DEFAULT_EMBEDDED_POSTGRES_OPTIONS.database,
  );
  if (database.includes('\0') || Buffer.byteLength(database) > MAX_NAME_BYTES) {
    validator.reject('database', `is no name of at most ${MAX_NAME_BYTES} bytes.`);
  }
  return { ...common, database, settings: readSettings(options['settings'], validator) };
}

function readSettings(value: unknown, validator: OptionValidator): Readonly<Record<string, string>> {
  const given = value ?? DEFAULT_EMBEDDED_POSTGRES_OPTIONS.settings;
  if (typeof given !== 'object' || Array.isArray(given)) {
    validator.reject('settings', 'is no object, expected settings by name.');
    return {};
  }
  const settings: Record<string, string> = {};
  for (const [name, setting] of Object.entries(given) as [string, unknown][]) {
    const path = `settings.${name}`;
    if (!SETTING_NAME.test(name)) validator.reject(path, 'is no name of a setting (lower case).');
    else if (MANAGED.has(name) || MANAGED_FAMILY.test(name))
      validator.reject(path, 'is managed by the embedded server.');
    else if (typeof setting !== 'string' || setting.includes('\0')) validator.reject(path, 'is no text.');
    else settings[name] = setting;
  }
  return settings;
}

/** Reads what the options of all embedded servers have in common. */
export function readServerOptions(
  options: Readonly<Record<string, unknown>>,
  validator: OptionValidator,
): { dataDir: string; port: number | undefined; log: (line: string) => void } {
  const dataDir = validator.text(options['dataDir'], 'dataDir', '');
  if (options['dataDir'] === undefined)
    validator.reject('dataDir', 'is missing, expected the path of a directory.');
  const port = validator.integer(options['port'], 'port', 0, { min: 1, max: 65_535 });
  const { log } = options;
  if (log !== undefined && typeof log !== 'function') validator.reject('log', 'is no function.');
  return {
    dataDir,
    port: port === 0 ? undefined : port,
    log: typeof log === 'function' ? (log as (line: string) => void) : () => undefined,
  };
}
