import { join } from 'node:path';
import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';
import { type EmbeddedRedisOptions, startEmbeddedRedis } from './embedded-redis.js';
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
  /** The module with its servers; they are started while Nest creates providers. */
  static forRoot(options: EmbeddedServersModuleOptions): DynamicModule {
    return {
      module: EmbeddedServersModule,
      providers: [{ provide: EmbeddedServers, useFactory: () => startEmbeddedServers(options) }],
      exports: [EmbeddedServers],
    };
  }
}

/** One after the other, so that a failure leaves exactly the servers to stop that were started before it. */
async function startEmbeddedServers({
  directory,
  postgres = true,
  redis = true,
}: EmbeddedServersModuleOptions): Promise<EmbeddedServers> {
  const logger = new Logger(EmbeddedServersModule.name);
  const log = (line: string) => logger.log(line);
  const startedPostgres =
    postgres === false
      ? null
      : await startEmbeddedPostgres({
          dataDir: join(directory, 'postgres'),
          log,
          ...(postgres === true ? {} : postgres),
        });
  try {
    const startedRedis =
      redis === false
        ? null
        : await startEmbeddedRedis({
            dataDir: join(directory, 'redis'),
            log,
            ...(redis === true ? {} : redis),
          });
    return new EmbeddedServers(startedPostgres, startedRedis);
  } catch (error) {
    await startedPostgres?.stop();
    throw error;
  }
}
