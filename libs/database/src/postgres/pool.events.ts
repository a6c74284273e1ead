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
  /** Whether it was destroyed instead of kept: it was broken, busy or inside a transaction. */
  readonly destroyed: boolean;
}

/**
 * A connection was opened or has ended.
 *
 * @public
 */
export interface PoolConnectionEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
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
