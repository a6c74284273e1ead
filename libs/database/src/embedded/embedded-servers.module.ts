import { join } from 'node:path';
import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { type EmbeddedPostgresOptions, readEmbeddedPostgresOptions } from './embedded-postgres.options.js';
import { type EmbeddedRedisOptions, readEmbeddedRedisOptions, startEmbeddedRedis } from './embedded-redis.js';
import type { EmbeddedServerOptions } from './embedded-server.js';
import { EmbeddedServers } from './embedded-servers.js';

/**
 * Which servers run beside the application, and where their data are.
 *
 * @public
 */
export interface EmbeddedServersModuleOptions {
  /** Directory of the servers' data; each server has its own below it, `postgres` and `redis`. */
  readonly directory: string;
  /**
   * Whether PostgreSQL is started, and how.
   *
   * @default true
   */
  readonly postgres?: boolean | Partial<EmbeddedPostgresOptions>;
  /**
   * Whether Redis is started where a `redis-server` is installed, and how.
   *
   * @default true
   */
  readonly redis?: boolean | Partial<EmbeddedRedisOptions>;
}

/**
 * Runs a PostgreSQL and a Redis beside the application, for development and tests.
 *
 * The module that connects to them imports this one and has {@link EmbeddedServers} injected into its options' factory: so
 * the servers are up before the first connection is made and stop after the last one is closed. If one server fails to
 * start, the other is stopped and the application's start fails.
 *
 * @example
 * DatabaseModule.forRootAsync({
 *   imports: [EmbeddedServersModule.forRoot({ directory: '.data' })],
 *   inject: [EmbeddedServers],
 *   useFactory: ({ postgres, redis }: EmbeddedServers) => ({
 *     client: PrismaClient,
 *     url: postgres?.url,
 *     redis: redis === null ? false : { url: redis.url },
 *   }),
 * })
 *
 * @public
 */
@Module({})
export class EmbeddedServersModule {
  /**
   * The module with its servers; they are started while Nest creates providers.
   *
   * @throws {@link InvalidOptionsError} at once, when the options are wrong
   */
  static forRoot(options: EmbeddedServersModuleOptions): DynamicModule {
    const resolved = resolveOptions(options);
    return {
      module: EmbeddedServersModule,
      providers: [{ provide: EmbeddedServers, useFactory: () => startEmbeddedServers(resolved) }],
      exports: [EmbeddedServers],
    };
  }
}

const logger = 'EmbeddedServersModule';

/** What each server is started with; undefined where it is switched off. */
interface ResolvedOptions {
  readonly postgres: EmbeddedPostgresOptions | undefined;
  readonly redis: EmbeddedRedisOptions | undefined;
}

function resolveOptions(value: EmbeddedServersModuleOptions): ResolvedOptions {
  const validator = new OptionValidator();
  const options = validator.object(value, '', ['directory', 'postgres', 'redis']);
  const directory = validator.text(options['directory'], 'directory', '');
  if (options['directory'] === undefined)
    validator.reject('directory', 'is missing, expected the path of a directory.');
  const resolved = {
    postgres: readServer<EmbeddedPostgresOptions>(
      'postgres',
      options['postgres'],
      directory,
      validator,
      readEmbeddedPostgresOptions,
    ),
    redis: readServer<EmbeddedRedisOptions>(
      'redis',
      options['redis'],
      directory,
      validator,
      readEmbeddedRedisOptions,
    ),
  };
  if (validator.violations.length === 0) return resolved;
  throw new InvalidOptionsError('EmbeddedServersModule.forRoot', validator.violations);
}

/** One server's options, completed with what the module knows and checked as the server itself would. */
function readServer<Options extends EmbeddedServerOptions>(
  name: 'postgres' | 'redis',
  value: unknown,
  directory: string,
  validator: OptionValidator,
  read: (value: unknown, validator: OptionValidator) => unknown,
): Options | undefined {
  if (value === false) return undefined;
  if (
    value !== undefined &&
    value !== true &&
    (typeof value !== 'object' || value === null || Array.isArray(value))
  ) {
    validator.reject(name, 'is neither true, false nor an object of options.');
    return undefined;
  }
  const log = (line: string) => {
    Logger.log(line, logger);
  };
  const options = { dataDir: join(directory, name), log, ...(typeof value === 'object' ? value : {}) };
  read(options, validator.nested(name));
  return options as EmbeddedServerOptions as Options;
}

/** One after the other, so that a failure leaves exactly the servers to stop that were started before it. */
async function startEmbeddedServers({ postgres, redis }: ResolvedOptions): Promise<EmbeddedServers> {
  const startedPostgres = postgres === undefined ? null : await startEmbeddedPostgres(postgres);
  try {
    const startedRedis = redis === undefined ? null : await startEmbeddedRedis(redis);
    return new EmbeddedServers(startedPostgres, startedRedis);
  } catch (error) {
    await startedPostgres?.stop();
    throw error;
  }
}
