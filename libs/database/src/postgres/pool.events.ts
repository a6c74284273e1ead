import { channel } from 'node:diagnostics_channel';

/**
 * A connection was handed to a caller.
 *
 * @public
 */
export interface PoolAcquireEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** How long the caller waited, opening the connection included, in milliseconds. */
  readonly waitMs: number;
}

/**
 * A caller gave a connection back.
 *
 * @public
 */
export interface PoolReleaseEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** How long the caller held it, in milliseconds. */
  readonly holdMs: number;
  /**
   * Whether it was destroyed instead of kept: it was broken, busy or inside a transaction, or the caller asked for it.
   * A {@link PoolRemoveEvent} with the reason follows.
   */
  readonly destroyed: boolean;
}

/**
 * A connection was opened.
 *
 * @public
 */
export interface PoolConnectEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
}

/**
 * Why a connection left the pool.
 *
 * - `lost`: it broke, or was cut because its server was silent.
 * - `unclean`: it came back busy or inside a transaction.
 * - `discarded`: its borrower did not want it to be used again.
 * - `lifetime`: it had lived for `pool.maxLifetimeMs`.
 * - `idle`: nobody had needed it for `pool.idleTimeoutMs`.
 * - `closing`: the pool closes.
 *
 * The first three follow a {@link PoolReleaseEvent} that says `destroyed`, except where a free connection was lost.
 *
 * @public
 */
export type PoolRemoveReason = 'lost' | 'unclean' | 'discarded' | 'lifetime' | 'idle' | 'closing';

/**
 * A connection that had been opened has left the pool; one that could not be opened was never in it.
 *
 * @public
 */
export interface PoolRemoveEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  readonly reason: PoolRemoveReason;
}

/**
 * A caller holds a connection for longer than `pool.leakThresholdMs`.
 *
 * @public
 */
export interface PoolLeakEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** How long it has been held so far, in milliseconds. */
  readonly heldMs: number;
  /** Whether its session is inside a transaction. */
  readonly inTransaction: boolean;
  /** Where it was borrowed. */
  readonly stack: string;
}

/**
 * A statement has ended. Published in the asynchronous context of its caller.
 *
 * @public
 */
export interface PostgresQueryEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** Whose query it is, to compare by identity: pools of two applications may have the same name. */
  readonly source: object;
  /** The text as sent, with `$1` for parameters. */
  readonly sql: string;
  /** May hold secrets and personal data: redact before printing. */
  readonly parameters: readonly unknown[];
  /** From the call to the answer, in milliseconds; waits for a connection are not part of it. */
  readonly durationMs: number;
  /** Why it failed. */
  readonly error?: Error;
}

/**
 * The pool's diagnostics channels (`node:diagnostics_channel`); nothing is published while nobody listens.
 *
 * @public
 */
export const POOL_CHANNELS = {
  acquire: 'nestjs-database:pool:acquire',
  release: 'nestjs-database:pool:release',
  connect: 'nestjs-database:pool:connect',
  remove: 'nestjs-database:pool:remove',
  leak: 'nestjs-database:pool:leak',
  query: 'nestjs-database:postgres:query',
} as const;

export const acquireChannel = channel(POOL_CHANNELS.acquire);
export const releaseChannel = channel(POOL_CHANNELS.release);
export const connectChannel = channel(POOL_CHANNELS.connect);
export const removeChannel = channel(POOL_CHANNELS.remove);
export const leakChannel = channel(POOL_CHANNELS.leak);
export const queryChannel = channel(POOL_CHANNELS.query);
