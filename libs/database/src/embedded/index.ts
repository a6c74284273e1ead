export {
  EmbeddedDataDirectoryError,
  EmbeddedStartError,
  EmbeddedUnsupportedError,
} from './embedded.errors.js';
export type { EmbeddedServer, EmbeddedServerOptions } from './embedded-server.js';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
export type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';
export { type EmbeddedRedis, type EmbeddedRedisOptions, startEmbeddedRedis } from './embedded-redis.js';
export { EmbeddedServers } from './embedded-servers.js';
export { EmbeddedServersModule, type EmbeddedServersModuleOptions } from './embedded-servers.module.js';
