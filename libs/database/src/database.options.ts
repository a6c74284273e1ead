import { parsePostgresUrl, type PostgresUrl } from './config/connection-url.js';
import { InvalidOptionsError } from './config/config.errors.js';
import { OptionValidator } from './config/option-validator.js';
import type { PrismaClientClass } from './client/database-register.js';
import { deepFreeze } from './common/deep-freeze.js';
import {
  resolveMigrationOptions,
  type MigrationOptions,
  type ResolvedMigrationOptions,
} from './migration/migration.options.js';
import { resolvePoolOptions, type PoolOptions, type ResolvedPoolOptions } from './postgres/pool.options.js';
import { resolveRedisOptions, type RedisOptions, type ResolvedRedisOptions } from './redis/redis.options.js';
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
  /** Passed to the client's constructor: what it leaves out of results, and how long its errors are. */
  readonly clientOptions?: {
    readonly omit?: object;
    readonly errorFormat?: 'pretty' | 'colorless' | 'minimal';
  };
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
  readonly url?: string;
  /**
   * The name under which the server lists the connections (`pg_stat_activity`).
   *
   * @defaultValue `application_name` of the URL, otherwise 'nestjs-database'
   */
  readonly applicationName?: string;
  /** How many connections there are and how long one is waited for. */
  readonly pool?: PoolOptions;
  /** Where Redis is; `false` switches it off, and so does giving nothing while `REDIS_URL` is not set. */
  readonly redis?: RedisOptions | false;
  /** How the module closes. */
  readonly shutdown?: ShutdownOptions;
  /** Defaults of every transaction. */
  readonly transaction?: TransactionOptions;
  /** Whether and how migrations are applied at the start. */
  readonly migrations?: MigrationOptions;
  /**
   * Where the variables are read from; `false` reads none.
   *
   * @defaultValue `process.env`
   */
  readonly env?: NodeJS.ProcessEnv | false;
}

/**
 * How the module closes when the application does.
 *
 * @public
 */
export interface ShutdownOptions {
  /**
   * How long closing may wait for busy connections before it cuts them, in milliseconds. Range: [0, 600 000];
   * 0 cuts at once.
   *
   * @defaultValue 25_000 (25 seconds)
   */
  readonly timeoutMs?: number;
}

/** @internal */
export interface ResolvedDatabaseOptions {
  readonly client: PrismaClientClass;
  readonly clientOptions: Readonly<Record<string, unknown>>;
  readonly extend: ((client: unknown) => unknown) | undefined;
  readonly url: PostgresUrl;
  readonly applicationName: string;
  readonly pool: ResolvedPoolOptions;
  readonly redis: ResolvedRedisOptions | false;
  readonly shutdown: Required<ShutdownOptions>;
  readonly transaction: ResolvedTransactionOptions;
  readonly migrations: ResolvedMigrationOptions;
}

const DEFAULT_SHUTDOWN_OPTIONS = { timeoutMs: 25_000 } as const satisfies Required<ShutdownOptions>;
const DEFAULT_APPLICATION_NAME = 'nestjs-database';
const KNOWN = [
  'client', 'clientOptions', 'extend', 'url', 'applicationName', 'pool', 'redis', 'shutdown', 'transaction',
  'migrations', 'env',
] as const; // prettier-ignore

/**
 * Completes the options from the environment and the defaults.
 *
 * @throws {@link InvalidOptionsError} that lists everything that is wrong; nothing was started
 */
export function resolveDatabaseOptions(value: unknown): ResolvedDatabaseOptions {
  const validator = new OptionValidator();
  const options = validator.object(value, '', KNOWN);
  const environment = readEnvironment(options.env, validator);
  const url = resolveUrl(options.url, environment, validator);
  const shutdown = validator.object(options.shutdown, 'shutdown', Object.keys(DEFAULT_SHUTDOWN_OPTIONS));
  const resolved = {
    client: readClient(options.client, validator),
    clientOptions: validator.object(options.clientOptions, 'clientOptions', ['omit', 'errorFormat']),
    extend: readFunction(options.extend, 'extend', validator),
    url,
    applicationName:
      validator.text(options.applicationName, 'applicationName', undefined) ??
      url?.applicationName ??
      DEFAULT_APPLICATION_NAME,
    pool: resolvePoolOptions(options.pool, validator.nested('pool'), url?.connectionLimit),
    redis: resolveRedisOptions(options.redis, validator.nested('redis'), present(environment.REDIS_URL)),
    shutdown: {
      timeoutMs: validator.integer(
        shutdown.timeoutMs,
        'shutdown.timeoutMs',
        DEFAULT_SHUTDOWN_OPTIONS.timeoutMs,
        {
          min: 0,
          max: 600_000,
        },
      ),
    },
    transaction: resolveTransactionOptions(options.transaction, validator.nested('transaction')),
    migrations: resolveMigrationOptions(options.migrations, validator.nested('migrations')),
  };
  const { client } = resolved;
  if (validator.violations.length > 0 || client === undefined || url === undefined) {
    throw new InvalidOptionsError('DatabaseModule', validator.violations);
  }
  return deepFreeze({ ...resolved, client, url });
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
