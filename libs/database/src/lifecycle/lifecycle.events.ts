import { channel } from 'node:diagnostics_channel';
import type { DatabaseStateSnapshot, DatabaseStatus } from './database-state.js';

/**
 * Published on `nestjs-database:lifecycle:state` after every change of a connection's state.
 *
 * @public
 */
export interface DatabaseStateEvent extends DatabaseStateSnapshot {
  /** What the status was before. */
  readonly previous: DatabaseStatus;
}

/** The name of the channel for {@link DatabaseStateEvent}. @public */
export const DATABASE_STATE_CHANNEL = 'nestjs-database:lifecycle:state';

const states = channel(DATABASE_STATE_CHANNEL);

/** Costs nothing without subscribers. */
export function publishState(event: DatabaseStateEvent): void {
  if (states.hasSubscribers) states.publish(event);
}
