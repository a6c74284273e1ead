import { join } from 'node:path';
import { startEmbeddedPostgres, startEmbeddedRedis, type EmbeddedServer } from 'nestjs-database/embedded';
import type { ShopOptions } from '../app.options.js';

/** A store the shop uses, and whether it is the shop's own. */
export interface ShopStore {
  readonly url: string;
  /** Undefined where the environment has named the store. */
  readonly embedded: EmbeddedServer | undefined;
}

/**
 * PostgreSQL and Redis as the environment names them, or servers of our own for what it does not name.
 *
 * They are started before the application and stopped after it, so that they outlive every connection to them, and
 * so that an application that fails to start leaves none behind.
 */
export class ShopServers {
  private readonly started: EmbeddedServer[] = [];

  private constructor(
    private readonly options: ShopOptions,
    private readonly log: (line: string) => void,
  ) {}

  database!: ShopStore;
  /** Undefined where there is neither `REDIS_URL` nor a redis-server to start. */
  redis: ShopStore | undefined;

  /** Starts what is needed; when that fails, what was started is stopped again. */
  static async start(options: ShopOptions, log: (line: string) => void): Promise<ShopServers> {
    const servers = new ShopServers(options, log);
    try {
      servers.database = await servers.findDatabase();
      servers.redis = await servers.findRedis();
      return servers;
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  /** Stops the servers this process has started; never those that others run. */
  async stop(): Promise<void> {
    await Promise.all(this.started.map((server) => server.stop()));
  }

  private async findDatabase(): Promise<ShopStore> {
    const { databaseUrl, dataDirectory } = this.options;
    if (databaseUrl !== undefined) return { url: databaseUrl, embedded: undefined };
    const dataDir = join(dataDirectory, 'postgres');
    return this.own(await startEmbeddedPostgres({ dataDir, database: 'shop', log: this.log }));
  }

  private async findRedis(): Promise<ShopStore | undefined> {
    const { redisUrl, dataDirectory } = this.options;
    if (redisUrl !== undefined) return { url: redisUrl, embedded: undefined };
    const server = await startEmbeddedRedis({ dataDir: join(dataDirectory, 'redis'), log: this.log });
    return server === null ? undefined : this.own(server);
  }

  private own(server: EmbeddedServer): ShopStore {
    this.started.push(server);
    return { url: server.url, embedded: server };
  }
}
