import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { EmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedRedis } from './embedded-redis.js';

/**
 * The servers of {@link EmbeddedServersModule}, ready to be connected to.
 *
 * They are stopped when the application has shut down, after the modules that import this one have closed their
 * connections. The application has to call `enableShutdownHooks()` if it is to stop on signals.
 *
 * @public
 */
@Injectable()
export class EmbeddedServers implements OnApplicationShutdown {
  /** @internal Made by {@link EmbeddedServersModule}. */
  constructor(
    /** Null where switched off. */
    readonly postgres: EmbeddedPostgres | null,
    /** Null where switched off or where no `redis-server` is installed. */
    readonly redis: EmbeddedRedis | null,
  ) {}

  /** @internal Called by Nest. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.postgres?.stop(), this.redis?.stop()]);
  }
}
