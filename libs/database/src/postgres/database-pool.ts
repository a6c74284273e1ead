import { Socket } from 'node:net';
import pg from 'pg';
import { withDeadline } from '../common/deadline.js';
import type { PostgresTarget } from '../config/connection-url.js';
import type { PasswordProvider } from '../config/password.js';
import { PoolTimeoutError, type PoolUsage } from '../errors/connection.errors.js';
import type { DatabaseError, ErrorTarget } from '../errors/database.error.js';
import { translateConnectionFailure } from '../fault/connection-failure.js';
import type { ResolvedPoolOptions } from './pool.options.js';
import type { ResolvedTlsOptions } from './tls.options.js';

const TARGET: ErrorTarget = { kind: 'postgres', connection: 'default' };
// pg-pool 3 says this, without a code, both for a full pool and for a connection that did not open in time.
const ACQUIRE_TIMEOUT_TEXT = 'timeout exceeded when trying to connect';

/** Where and as whom the pool connects. */
export interface PoolTarget {
  readonly url: PostgresTarget;
  readonly password: PasswordProvider | undefined;
  readonly tls: ResolvedTlsOptions | false;
  readonly applicationName: string;
}

/**
 * The one pool of a connection: Prisma, and whatever else speaks SQL, borrows from it.
 *
 * Its sessions run in `TimeZone=UTC`: Prisma's driver adapter drops the offset of a `timestamptz` and would shift it.
 */
export class DatabasePool extends pg.Pool {
  readonly endpoint: string;
  private readonly acquireTimeoutMs: number;
  private readonly open = new Set<pg.PoolClient>();
  private closing: Promise<void> | undefined;

  constructor({ url, password, tls, applicationName }: PoolTarget, options: ResolvedPoolOptions) {
    super({
      host: url.host,
      port: url.port,
      database: url.database,
      user: url.user,
      ...(password !== undefined && { password }),
      ssl: tls,
      application_name: applicationName,
      options: sessionSettings(url),
      max: options.max,
      connectionTimeoutMillis: options.acquireTimeoutMs,
      idleTimeoutMillis: options.idleTimeoutMs,
      maxLifetimeSeconds: options.maxLifetimeMs / 1_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: options.keepAliveMs,
    });
    this.endpoint = `${url.host}:${url.port}`;
    this.acquireTimeoutMs = options.acquireTimeoutMs;
    // An 'error' event without a listener ends the process. The pool removes its own listener from a client that is
    // checked out, so every client gets one for its whole life; the pool drops a broken client by itself.
    this.on('error', () => undefined);
    this.on('connect', (client) => {
      this.open.add(client);
      client.on('error', () => undefined);
    });
    this.on('remove', (client) => this.open.delete(client));
  }

  /** The pool's connections right now. */
  usage(): PoolUsage {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this;
    return { total, active: total - idle, idle, waiting, max: this.options.max };
  }

  /**
   * Proves with a real query that the database answers; opening a connection alone proves nothing.
   *
   * @throws {@link DatabaseError} that says what is wrong: unreachable, refused credentials, no such database
   */
  async probe(): Promise<void> {
    try {
      await this.query('SELECT 1');
    } catch (error) {
      throw this.translate(error);
    }
  }

  /**
   * Closes every connection: idle ones at once, busy ones when they come back, and after `timeoutMs` the rest by
   * destroying their sockets. Resolves in every case; further calls share the first one's result.
   */
  close(timeoutMs: number): Promise<void> {
    this.closing ??= withDeadline(this.endAndDisconnect(), timeoutMs, () => {
      for (const client of this.open) destroySocket(client);
    });
    return this.closing;
  }

  private async endAndDisconnect(): Promise<void> {
    const disconnected = [...this.open].map(
      (client) =>
        new Promise<void>((resolve) => {
          client.once('end', resolve);
        }),
    );
    // `end` resolves before the sockets are closed (node-postgres #2328).
    await Promise.all([this.end(), ...disconnected]);
  }

  private translate(error: unknown): DatabaseError {
    const { total, max } = this.usage();
    if (error instanceof Error && error.message === ACQUIRE_TIMEOUT_TEXT && total >= max) {
      return new PoolTimeoutError(this.acquireTimeoutMs, this.usage(), { cause: error, target: TARGET });
    }
    return translateConnectionFailure(error, this.endpoint, TARGET);
  }
}

function sessionSettings({ schema }: PostgresTarget): string {
  return schema === undefined ? '-c TimeZone=UTC' : `-c TimeZone=UTC -c search_path="${schema}"`;
}

function destroySocket(client: pg.PoolClient): void {
  // @types/pg does not know the connection behind a client.
  const { connection } = client as unknown as { connection?: { stream?: unknown } };
  if (connection?.stream instanceof Socket) connection.stream.destroy();
}
