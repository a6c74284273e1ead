/**
 * What a connection is at the moment. `degraded`: the application serves while the database is away.
 *
 * @public
 */
export type DatabaseStatus = 'starting' | 'ready' | 'degraded' | 'draining' | 'closed';

/**
 * Where in its life a connection is, as far as health is concerned.
 *
 * @public
 */
export interface DatabaseStateSource {
  /** The state of this moment. */
  readonly status: DatabaseStatus;
  /** Why it is not ready; one sentence without secrets. */
  readonly reason?: string | undefined;
}

/** Injection token of the default connection's state. @public */
export const DATABASE_STATE_SOURCE = Symbol('database:state-source');

/** The token of a connection's state; that of a named one is a readable text. @public */
export function getDatabaseStateSourceToken(connection = 'default'): string | symbol {
  return connection === 'default' ? DATABASE_STATE_SOURCE : `${connection}:DatabaseStateSource`;
}
