import type pg from 'pg';
import type { createClientClass } from './database-client.js';
import type { DatabasePoolSettings } from './database-pool.settings.js';

/** What pg's pool is constructed with; the rest of its options are the library's own. */
export function toPgOptions(
  { url, pool, tls }: DatabasePoolSettings,
  Client: ReturnType<typeof createClientClass>,
): pg.PoolConfig {
  return {
    Client: Client as unknown as typeof pg.Client,
    host: url.host,
    port: url.port,
    database: url.database,
    user: url.user,
    // Always given: pg would look for PGSSLMODE otherwise, which nobody has configured here.
    ssl: tls,
    max: pool.max,
    min: pool.min,
    connectionTimeoutMillis: pool.acquireTimeoutMs,
    idleTimeoutMillis: pool.idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: pool.keepAliveMs,
  };
}
