import { resolveClientOptions, type ClientOptions } from './client/client.options.js';
import type { PrismaClientClass } from './client/database-register.js';
import { deepFreeze } from './common/deep-freeze.js';
import { InvalidOptionsError } from './config/config.errors.js';
import {
  IDENTIFIER,
  parsePostgresUrl,
  type PostgresTarget,
  type PostgresUrl,
} from './config/connection-url.js';
import { OptionValidator } from './config/option-validator.js';
import { resolvePassword, type PasswordProvider } from './config/password.js';
import {
  resolveLoggingOptions,
  type LoggingOptions,
  type ResolvedLoggingOptions,
} from './logging/logging.options.js';
import {
  resolveMigrationOptions,
  type MigrationOptions,
  type ResolvedMigrationOptions,
} from './migration/migration.options.js';
import { resolvePoolOptions, type PoolOptions, type ResolvedPoolOptions } from './postgres/pool.options.js';
import {
  resolveTimeoutOptions,
  type ResolvedTimeoutOptions,
  type TimeoutOptions,
} from './postgres/timeout.options.js';
import { resolveTlsOptions, type ResolvedTlsOptions, type TlsOptions } from './postgres/tls.options.js';
import { resolveRedisOptions, type RedisOptions, type ResolvedRedisOptions } from './redis/redis.options.js';
import {
  resolveShutdownOptions,
  type ResolvedShutdownOptions,
  type ShutdownOptions,
} from './shutdown.options.js';
import {
  resolveStartupOptions,
  type ResolvedStartupOptions,
  type StartupOptions,
} from './startup.options.js';
import {
  resolveTransactionOptions,
  type ResolvedTransactionOptions,
  type TransactionOptions,
} from './transaction/transaction.options.js';

/**
 * The options of `DatabaseModule`; only `client` is required.
 *
 * What is not given comes from the environment, then from the default. Unknown options are refused.
 *
 * @public
 */
export interface DatabaseModuleOptions {
  /** The generated `PrismaClient` class; the library constructs it over its own pool. */
  readonly client: PrismaClientClass;
  /** Passed to the client's constructor as it is. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * Extends the client once, before anything uses it: `(client) => client.$extends(…)`. Register the extended type in
   * {@link DatabaseRegister} to have it everywhere.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the client's type is the application's
  readonly extend?: (client: any) => object;
  /**
   * `postgresql://user:password@host:port/database`, with the parameters `schema`, `application_name` and
   * `connection_limit`; any other parameter is refused.
   *
   * @defaultValue the environment variable `DATABASE_URL`
   */
  readonly url?: string | undefined;
  /**
   * Gives the password for each new connection, for passwords that are rotated. A fixed password belongs into the URL;
   * giving both is refused.
   */
  readonly password?: PasswordProvider | undefined;
  /** TLS to the database, instead of the URL's `sslmode`. */
  readonly tls?: TlsOptions | undefined;
  /**
   * The schema that unqualified names mean (`search_path`), for Prisma and for raw SQL alike.
   *
   * @defaultValue `schema` of the URL, otherwise the search path of the user, usually `public`
   */
  readonly schema?: string | undefined;
  /**
   * The name under which the server lists the connections (`pg_stat_activity`).
   *
   * @defaultValue `application_name` of the URL, otherwise 'nestjs-database'
   */
  readonly applicationName?: string | undefined;
  /** How many connections there are and how long one is waited for. */
  readonly pool?: PoolOptions | undefined;
  /** How long statements, locks and idle transactions may take. */
  readonly timeouts?: TimeoutOptions | undefined;
  /** Where Redis is; `false` switches it off, and so does giving nothing while `REDIS_URL` is not set. */
  readonly redis?: RedisOptions | false | undefined;
  /** What a start does while the database cannot be reached. */
  readonly startup?: StartupOptions | undefined;
  /** How the module closes. */
  readonly shutdown?: ShutdownOptions | undefined;
  /** Defaults of every transaction. */
  readonly transaction?: TransactionOptions | undefined;
  /** What is logged of the queries. */
  readonly logging?: LoggingOptions | undefined;
  /** Whether and how migrations are applied at the start. */
  readonly migrations?: MigrationOptions | undefined;
  /**
   * Where the variables are read from; `false` reads none.
   *
   * @defaultValue `process.env`
   */
  readonly env?: NodeJS.ProcessEnv | false | undefined;
}

/**
 * Options that were checked and completed. Nothing in it shows a secret when it is printed: the password is a function,
 * the key of `tls` is not enumerable, the URL of Redis is a `Secret`.
 *
 * @internal
 */
export interface ResolvedDatabaseOptions {
  /** Name of the connection. */
  readonly name: string;
  readonly client: PrismaClientClass;
  readonly clientOptions: Readonly<Record<string, unknown>>;
  readonly extend: ((client: unknown) => unknown) | undefined;
  /** Where the database is. */
  readonly url: PostgresTarget;
  /** Asked for each new connection; undefined where none was given. */
  readonly password: PasswordProvider | undefined;
  /** The driver's `ssl`; false connects without TLS. Not to be copied with a spread, which would lose the key. */
  readonly tls: ResolvedTlsOptions | false;
  readonly applicationName: string;
  readonly pool: ResolvedPoolOptions;
  readonly timeouts: ResolvedTimeoutOptions;
  readonly redis: ResolvedRedisOptions | false;
  readonly startup: ResolvedStartupOptions;
  readonly shutdown: ResolvedShutdownOptions;
  readonly transaction: ResolvedTransactionOptions;
  readonly logging: ResolvedLoggingOptions;
  readonly migrations: ResolvedMigrationOptions;
}

/** Name of the connection that is not named. */
export const DEFAULT_CONNECTION_NAME = 'default';

const DEFAULT_APPLICATION_NAME = 'nestjs-database';
const KNOWN = [
  'client', 'clientOptions', 'extend', 'url', 'password', 'tls', 'schema', 'applicationName', 'pool', 'timeouts',
  'redis', 'startup', 'shutdown', 'transaction', 'logging', 'migrations', 'env',
] as const; // prettier-ignore

/**
 * Completes the options from the environment and the defaults.
 *
 * @param name - the name of the connection the options are for
 * @throws {@link InvalidOptionsError} that lists everything that is wrong; nothing was started
 */
export function resolveDatabaseOptions(
  value: unknown,
  name: string = DEFAULT_CONNECTION_NAME,
): ResolvedDatabaseOptions {
  const validator = new OptionValidator();
  const options = validator.object(value, '', KNOWN);
  const environment = readEnvironment(options.env, validator);
  const url = resolveUrl(options.url, environment, validator);
  const schema = readSchema(options.schema, validator) ?? url?.schema;
  const target = url && {
    host: url.host,
    port: url.port,
    database: url.database,
    user: url.user,
    schema,
  };
  const resolved = {
    name,
    client: readClient(options.client, validator),
    clientOptions: resolveClientOptions(options.clientOptions, validator.nested('clientOptions')),
    extend: readFunction(options.extend, 'extend', validator),
    url: target,
    password: resolvePassword(options.password, url?.password, validator),
    tls: resolveTlsOptions(options.tls, validator.nested('tls')) ?? (false as const),
    applicationName:
      validator.text(options.applicationName, 'applicationName', undefined) ??
      url?.applicationName ??
      DEFAULT_APPLICATION_NAME,
    pool: resolvePoolOptions(withLimit(options.pool, url?.connectionLimit), validator.nested('pool')),
    timeouts: resolveTimeoutOptions(options.timeouts, validator.nested('timeouts')),
    redis: resolveRedisOptions(options.redis, validator.nested('redis'), present(environment.REDIS_URL)),
    startup: resolveStartupOptions(options.startup, validator.nested('startup')),
    shutdown: resolveShutdownOptions(options.shutdown, validator.nested('shutdown')),
    transaction: resolveTransactionOptions(options.transaction, validator.nested('transaction')),
    logging: resolveLoggingOptions(
      options.logging,
      validator.nested('logging'),
      present(environment.NODE_ENV),
    ),
    migrations: resolveMigrationOptions(options.migrations, validator.nested('migrations')),
  };
  const { client } = resolved;
  if (validator.violations.length > 0 || client === undefined || target === undefined) {
    throw new InvalidOptionsError('DatabaseModule', validator.violations);
  }
  return deepFreeze({ ...resolved, client, url: target });
}

/** The limit of the URL counts where the option is not given. */
function withLimit(pool: unknown, max: number | undefined): unknown {
  if (max === undefined || (pool !== undefined && (typeof pool !== 'object' || pool === null))) return pool;
  return { ...pool, max: (pool as PoolOptions | undefined)?.max ?? max };
}

function readSchema(value: unknown, validator: OptionValidator): string | undefined {
  const schema = validator.text(value, 'schema', undefined);
  if (schema === undefined || IDENTIFIER.test(schema)) return schema;
  validator.reject('schema', 'is no plain identifier (letters, digits, "_", "$", at most 63).');
  return undefined;
}

function resolveUrl(
  value: unknown,
  environment: NodeJS.ProcessEnv,
  validator: OptionValidator,
): PostgresUrl | undefined {
  const given = validator.text(value, 'url', undefined);
  if (given !== undefined) return parsePostgresUrl(given, 'url', validator);
  const fromEnvironment = present(environment.DATABASE_URL);
  if (fromEnvironment !== undefined) return parsePostgresUrl(fromEnvironment, 'DATABASE_URL', validator);
  if (value === undefined) {
    validator.reject(
      'url',
      'is missing. Give it, or set DATABASE_URL, for example postgresql://user:password@localhost:5432/shop.',
    );
  }
  return undefined;
}

function readEnvironment(value: unknown, validator: OptionValidator): NodeJS.ProcessEnv {
  if (value === undefined) return process.env;
  if (value === false) return {};
  if (typeof value === 'object' && value !== null) return value as NodeJS.ProcessEnv;
  validator.reject('env', 'is neither an object of variables nor false.');
  return {};
}

/** An empty variable counts as absent: that is how shells and compose files unset one. */
function present(variable: string | undefined): string | undefined {
  return variable === undefined || variable.trim() === '' ? undefined : variable;
}

function readClient(value: unknown, validator: OptionValidator): PrismaClientClass | undefined {
  if (typeof value === 'function') return value as PrismaClientClass;
  const hint = 'Give the generated class: `client: PrismaClient`.';
  if (value === undefined) validator.reject('client', `is missing. ${hint}`);
  else validator.reject('client', `is not a class. ${hint}`);
  return undefined;
}

function readFunction(
  value: unknown,
  path: string,
  validator: OptionValidator,
): ((client: unknown) => unknown) | undefined {
  if (value === undefined || typeof value === 'function')
    return value as ((client: unknown) => unknown) | undefined;
  validator.reject(path, 'is not a function.');
  return undefined;
}
