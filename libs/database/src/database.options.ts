import { resolveClientOptions, type ClientOptions } from './client/client.options.js';
import type { PrismaClientClass } from './client/database-register.js';
import { deepFreeze } from './common/deep-freeze.js';
import { InvalidOptionsError } from './config/config.errors.js';
import type { PostgresTarget } from './config/connection-url.js';
import { locateDatabase, type DatabaseLocation } from './config/database-location.js';
import { Environment } from './config/environment.js';
import { readApplicationName, readSchema } from './config/identifier.js';
import { OptionValidator } from './config/option-validator.js';
import { resolvePassword, type PasswordProvider } from './config/password.js';
import { offerUrlParameters } from './config/url-parameters.js';
import {
  readClient,
  readFunction,
  rejectAutoDeploy,
  rejectLazyTables,
  resolveTransaction,
} from './database.option-rules.js';
import { OUTBOX_SCHEMA } from './outbox/outbox.schema.js';
import {
  resolveOutboxOptions,
  type OutboxOptions,
  type ResolvedOutboxOptions,
} from './outbox/outbox.options.js';
import { readLibrarySchema } from './library-schema/library-schema.options.js';
import type { SchemaComponent } from './library-schema/schema-component.js';
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
import {
  resolvePaginationOptions,
  type PaginationOptions,
  type ResolvedPaginationOptions,
} from './query/pagination.options.js';
import { resolvePoolOptions, type PoolOptions, type ResolvedPoolOptions } from './postgres/pool.options.js';
import {
  resolveTimeoutOptions,
  type ResolvedTimeoutOptions,
  type TimeoutOptions,
} from './postgres/timeout.options.js';
import { resolveTls, type ResolvedTlsOptions, type TlsOptions } from './postgres/tls.options.js';
import { resolveRedisOptions, type RedisOptions, type ResolvedRedisOptions } from './redis/redis.options.js';
import { SAGA_TABLES } from './saga/journal/saga-tables.js';
import { resolveSagaOptions, type ResolvedSagaOptions, type SagaOptions } from './saga/saga.options.js';
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
import type {
  ResolvedTransactionDefaults,
  TransactionDefaults,
} from './transaction/transaction-defaults.options.js';

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
   * `postgresql://user:password@host:port/database`, with the parameters of the table below; others are refused.
   *
   * @defaultValue `DATABASE_URL`, otherwise `DATABASE_HOST` and the variables beside it
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
  readonly transaction?: TransactionDefaults | undefined;
  /** How repositories page. */
  readonly pagination?: PaginationOptions | undefined;
  /** What is logged of the queries. */
  readonly logging?: LoggingOptions | undefined;
  /** Whether and how migrations are applied at the start. */
  readonly migrations?: MigrationOptions | undefined;
  /** Sagas; nothing of them is there without it. `{}` switches them on. */
  readonly saga?: SagaOptions | undefined;
  /** Messages that are written in transactions; left out, there is no outbox. */
  readonly outbox?: OutboxOptions | undefined;
  /**
   * The schema that holds the library's own tables; made at the start, as soon as a part that needs tables is configured.
   * A schema of its own, which Prisma never looks into.
   *
   * @defaultValue 'nestjs_database'
   */
  readonly librarySchema?: string | undefined;
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
  readonly transaction: ResolvedTransactionDefaults;
  readonly pagination: ResolvedPaginationOptions;
  readonly logging: ResolvedLoggingOptions;
  readonly migrations: ResolvedMigrationOptions;
  /** Undefined where they are switched off. */
  readonly saga: ResolvedSagaOptions | undefined;
  /** Undefined where there is none. */
  readonly outbox: ResolvedOutboxOptions | undefined;
  /** Holds the library's own tables. */
  readonly librarySchema: string;
  /** The library's own tables that the configured parts need. */
  readonly components: readonly SchemaComponent[];
  /** Whether PgBouncer in transaction mode is in between: it refuses most settings of a session. */
  readonly pgbouncer: boolean;
  /** What is worth a line in the log at the start. */
  readonly notes: readonly string[];
}

/** Name of the connection that is not named. */
export const DEFAULT_CONNECTION_NAME = 'default';

const DEFAULT_APPLICATION_NAME = 'nestjs-database';
const KNOWN = [
  'client', 'clientOptions', 'extend', 'url', 'password', 'tls', 'schema', 'applicationName', 'pool', 'timeouts',
  'redis', 'startup', 'shutdown', 'transaction', 'pagination', 'logging', 'migrations', 'saga',
  'outbox', 'librarySchema', 'env',
] as const; // prettier-ignore

/**
 * Completes the options from the URL, the environment and the defaults.
 *
 * What is given as an option counts first, then what the option `url` says, then the variables, then what `DATABASE_URL`
 * says, then the default: what is closer to the code that asks is meant more specifically.
 *
 * @param name - the name of the connection the options are for; the variables that say where something is count for the
 *   default connection only, unless the options have an `env` of their own
 * @throws {@link InvalidOptionsError} that lists everything that is wrong; nothing was started
 */
export function resolveDatabaseOptions(
  value: unknown,
  name: string = DEFAULT_CONNECTION_NAME,
): ResolvedDatabaseOptions {
  const validator = new OptionValidator();
  const options = validator.object(value, '', KNOWN);
  const environment = Environment.from(options.env, validator);
  const places =
    name === DEFAULT_CONNECTION_NAME || options.env !== undefined ? environment : new Environment({});
  const location = locateDatabase(options.url, places, validator);
  offerLowerSources(location, environment, validator);
  const client = readClient(options.client, validator);
  const startup = resolveStartupOptions(options.startup, validator.nested('startup'));
  const isLazy = startup.mode === 'lazy';
  const pool = resolvePoolOptions(options.pool, validator.nested('pool'), isLazy);
  const saga = resolveSagaOptions(options.saga, options.outbox !== undefined, validator.nested('saga'));
  const resolved = {
    name,
    clientOptions: resolveClientOptions(options.clientOptions, validator.nested('clientOptions')),
    extend: readFunction(options.extend, 'extend', validator),
    password: resolvePassword(options.password, location, validator),
    tls: resolveTls(options.tls, location, validator),
    applicationName:
      readApplicationName(options.applicationName, 'applicationName', validator) ?? DEFAULT_APPLICATION_NAME,
    pool,
    timeouts: resolveTimeoutOptions(options.timeouts, validator.nested('timeouts')),
    redis: resolveRedisOptions(options.redis, validator.nested('redis'), places.text('REDIS_URL')),
    startup,
    shutdown: resolveShutdownOptions(options.shutdown, validator.nested('shutdown')),
    transaction: resolveTransaction(options.transaction, pool.acquireTimeoutMs, validator),
    pagination: resolvePaginationOptions(options.pagination, validator.nested('pagination'), {
      secret: environment.text('DATABASE_CURSOR_SECRET'),
      nodeEnv: environment.text('NODE_ENV'),
    }),
    logging: resolveLoggingOptions(
      options.logging,
      validator.nested('logging'),
      environment.text('NODE_ENV'),
    ),
    migrations: resolveMigrationOptions(options.migrations, validator.nested('migrations')),
    saga,
    outbox: resolveOutboxOptions(options.outbox, validator.nested('outbox')),
    pgbouncer: location?.url.parameters.pgbouncer ?? false,
    notes: location?.url.parameters.notes ?? [],
  };
  const schema = readSchema(options.schema, 'schema', validator);
  const librarySchema = readLibrarySchema(options.librarySchema, schema, 'librarySchema', validator);
  if (resolved.migrations.autoDeploy) rejectAutoDeploy(resolved, validator);
  const components = [
    ...(resolved.outbox === undefined ? [] : [OUTBOX_SCHEMA]),
    ...(saga?.engine.needsTables === true ? [SAGA_TABLES] : []),
  ];
  if (resolved.outbox !== undefined) rejectLazyTables('outbox', resolved, validator);
  if (validator.violations.length > 0 || client === undefined || location === undefined) {
    throw new InvalidOptionsError(describeModule(name), validator.violations);
  }
  const { host, port, database, user } = location.url;
  return deepFreeze({
    ...resolved,
    components,
    librarySchema,
    client,
    url: { host, port, database, user, schema },
  });
}

/** In the order of their rank: the URL that is an option, the variables, the URL that is a variable. */
function offerLowerSources(
  location: DatabaseLocation | undefined,
  environment: Environment,
  validator: OptionValidator,
): void {
  const isOption = location?.source === 'url';
  if (!isOption) environment.offerNumbers(validator);
  if (location !== undefined) offerUrlParameters(location.url.parameters, location.source, validator);
  if (isOption) environment.offerNumbers(validator);
}

function describeModule(name: string): string {
  return name === DEFAULT_CONNECTION_NAME ? 'DatabaseModule' : `DatabaseModule (connection "${name}")`;
}
