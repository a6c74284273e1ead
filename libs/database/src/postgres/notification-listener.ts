import { setTimeout as delay } from 'node:timers/promises';
import { fullJitter } from '../common/backoff.js';
import { OwnContext } from '../common/own-context.js';
import { DatabaseError } from '../errors/database.error.js';
import type { Notifications } from '../library-schema/notifications.port.js';
import type { SingleConnection } from './single-connection.js';

const SCHEDULE = { initialDelayMs: 100, maxDelayMs: 5_000, factor: 2 };
/** A connection that breaks right after it was opened is not opened in a circle. */
const MIN_PAUSE_MS = 50;
/** Between two notifications of one channel: whoever hears the first looks for all there is. */
const MIN_GAP_MS = 10;

/** What {@link NotificationListener} needs of its connection. */
export interface NotificationSettings {
  /**
   * Opens the session that listens; the signal gives the attempt up. Undefined where a pooler shares sessions, through which
   * no notification comes back.
   */
  readonly open: ((signal: AbortSignal) => Promise<SingleConnection>) | undefined;
  /** Sends `NOTIFY`, outside of any transaction. */
  readonly send: (channel: string) => Promise<unknown>;
  readonly warn: (line: string) => void;
}

/**
 * LISTEN on one connection of its own, beside the pool, and NOTIFY through the pool.
 *
 * The connection is opened by the first who listens, and again after it was lost.
 */
export class NotificationListener implements Notifications {
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly stopping = new AbortController();
  /** The connection outlives whoever was the first to listen. */
  private readonly context = new OwnContext();
  private readonly sending = new Map<string, Sending>();
  private session: SingleConnection | undefined;
  private keeping: Promise<void> | undefined;

  constructor(private readonly settings: NotificationSettings) {}

  listen(channel: string, wake: () => void): () => void {
    const listeners = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, listeners.add(wake));
    // A channel that comes later is joined with those of the next session, or by itself right here.
    if (listeners.size === 1) void this.session?.query(`LISTEN ${channel}`).catch(ignore);
    const { open } = this.settings;
    if (open !== undefined && !this.stopping.signal.aborted)
      this.keeping ??= this.context.run(() => this.keepOpen(open));
    return () => {
      listeners.delete(wake);
    };
  }

  notify(channel: string): void {
    if (this.stopping.signal.aborted) return;
    const sending = this.sending.get(channel);
    if (sending !== undefined) {
      sending.again = true;
      return;
    }
    const started: Sending = { again: false };
    this.sending.set(channel, started);
    void this.context.run(() => this.send(channel, started));
  }

  /** Ends the session and every wait; never rejects. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('The listener is closing.'));
    await Promise.all([this.session?.close(), this.keeping]);
  }

  private async send(channel: string, sending: Sending): Promise<void> {
    const { signal } = this.stopping;
    do {
      sending.again = false;
      // Whoever was to be woken polls.
      await this.settings.send(channel).catch(ignore);
      await delay(MIN_GAP_MS, undefined, { signal, ref: false }).catch(ignore);
    } while (sending.again && !signal.aborted);
    this.sending.delete(channel);
  }

  private async keepOpen(open: NonNullable<NotificationSettings['open']>): Promise<void> {
    const { signal } = this.stopping;
    let failures = 0;
    let lastReason = '';
    while (!signal.aborted) {
      try {
        const session = await open(signal);
        try {
          await this.follow(session);
          failures = 0;
          lastReason = '';
        } finally {
          this.session = undefined;
          await session.close();
        }
      } catch (error) {
        if (signal.aborted) return;
        const reason = error instanceof DatabaseError ? error.message : 'The connection was lost.';
        // Said once for each reason: this loop may run for hours.
        if (reason !== lastReason)
          this.settings.warn(`No notifications arrive, so that new work waits for the next poll. ${reason}`);
        lastReason = reason;
        failures += 1;
      }
      const pauseMs = Math.max(MIN_PAUSE_MS, fullJitter(failures, SCHEDULE));
      await delay(pauseMs, undefined, { signal, ref: false }).catch(ignore);
    }
  }

  /** Resolves when the session has ended after it was usable. */
  private async follow(session: SingleConnection): Promise<void> {
    session.onNotification((channel) => {
      this.wake(channel);
    });
    if (this.stopping.signal.aborted) return;
    this.session = session;
    for (const channel of this.listeners.keys()) await session.query(`LISTEN ${channel}`);
    // What came while nobody listened.
    for (const channel of this.listeners.keys()) this.wake(channel);
    await session.ended;
  }

  private wake(channel: string): void {
    for (const wake of [...(this.listeners.get(channel) ?? [])]) wake();
  }
}

interface Sending {
  /** Somebody has asked again meanwhile. */
  again: boolean;
}

function ignore(): void {
  // A lost wake-up costs the time until the next poll.
}
