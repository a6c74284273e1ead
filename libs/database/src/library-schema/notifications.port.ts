/**
 * Wakes those who wait for something in the database, in this process and in others. It only saves them time: everybody
 * who listens polls as well, as a wake-up may be lost with the connection it travels on.
 */
export interface Notifications {
  /**
   * Calls `wake` when somebody has notified the channel, and when that may have been missed: after a connection was lost.
   * The connection it needs is opened by the first call, in the background.
   *
   * @param channel - a plain identifier in lower case
   * @returns stops it
   */
  listen(channel: string, wake: () => void): () => void;

  /**
   * Tells everybody who listens. For after a commit, never inside of a transaction: PostgreSQL holds one lock for all
   * databases while a transaction that has notified commits. Calls that come together are one. Never throws.
   */
  notify(channel: string): void;
}
