/**
 * Where a connection is in its life.
 *
 * `starting`: the first connection is being made. `ready`: the database has answered, and nothing has been heard since
 * that contradicts it. `degraded`: the database cannot be used; it is tried again in the background. `draining`: the
 * application is closing, what has been accepted is still served. `closed`: everything is refused.
 *
 * @public
 */
export type DatabaseStatus = 'starting' | 'ready' | 'degraded' | 'draining' | 'closed';

/**
 * One moment of a connection's life.
 *
 * @public
 */
export interface DatabaseStateSnapshot {
  /** Name of the connection as registered, `default` unless named. */
  readonly connection: string;
  /** Where it is. */
  readonly status: DatabaseStatus;
  /** Why, where there is something to say; a sentence without secrets. */
  readonly reason?: string;
  /** Since when. */
  readonly since: Date;
}

/**
 * The state of one connection as an injectable, for readiness and for whoever has to wait for the database.
 *
 * Reading it costs nothing and asks nobody: it says what was found last.
 *
 * @public
 */
export abstract class DatabaseState {
  /** Name of the connection as registered, `default` unless named. */
  abstract readonly connection: string;
  /** Where the connection is in its life. */
  abstract readonly status: DatabaseStatus;
  /** Why, where there is something to say; a sentence without secrets. */
  abstract readonly reason: string | undefined;
  /** Since when {@link DatabaseState.status} is what it is. */
  abstract readonly since: Date;

  /** Everything at once, as of now. */
  abstract snapshot(): DatabaseStateSnapshot;

  /** Whether work can be expected to succeed: `ready`, or `draining`, where accepted work is still finished. */
  abstract isUsable(): boolean;

  /**
   * Resolves as soon as the state is `ready`, at once where it is.
   *
   * @throws {@link ShuttingDownError} when the connection closes instead
   * @throws the signal's reason when `signal` is aborted
   */
  abstract whenReady(signal?: AbortSignal): Promise<void>;

  /**
   * Calls `listener` after every change, in its own turn: what it throws is logged and goes no further. The returned
   * function ends it.
   */
  abstract onChange(listener: (state: DatabaseStateSnapshot) => void): () => void;

  /**
   * Tells that an operation has failed because the database could not be used. A `ready` connection becomes `degraded`
   * and is tried in the background until it answers; in every other state nothing happens.
   */
  abstract reportFailure(error: unknown): void;
}
