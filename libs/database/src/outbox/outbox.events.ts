import { channel } from 'node:diagnostics_channel';

/**
 * Something has happened to a message of the outbox.
 *
 * @public
 */
export interface OutboxMessageEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** The message's. */
  readonly id: string;
  /** The message's. */
  readonly topic: string;
  /** The message's; null where it has none. */
  readonly key: string | null;
}

/**
 * A sink has failed to deliver a message.
 *
 * @public
 */
export interface OutboxFailureEvent extends OutboxMessageEvent {
  /** Counted from 1. */
  readonly attempt: number;
  /** The pause before the next one, in milliseconds; undefined where the message has become a dead letter. */
  readonly delayMs: number | undefined;
  /** What the sink threw. */
  readonly error: unknown;
}

/**
 * Messages that were delivered are about to be deleted, or have been.
 *
 * @public
 */
export interface OutboxDeletionEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** The messages'. */
  readonly ids: readonly string[];
}

/**
 * There is a topic that this instance has no sink for; its messages stay.
 *
 * @public
 */
export interface OutboxUnhandledEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** The topic. */
  readonly topic: string;
}

/**
 * Which parts of the outbox this instance sweeps has changed.
 *
 * @public
 */
export interface OutboxSlotsEvent {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** How many of the 64. */
  readonly slots: number;
}

/**
 * The diagnostics channels of the outbox (`node:diagnostics_channel`), in the order in which a message meets them; nothing
 * is published while nobody listens. `writing` comes before COMMIT, `written` after it.
 *
 * @public
 */
export const OUTBOX_CHANNELS = {
  writing: 'nestjs-database:outbox:writing',
  written: 'nestjs-database:outbox:written',
  claimed: 'nestjs-database:outbox:claimed',
  delivering: 'nestjs-database:outbox:delivering',
  delivered: 'nestjs-database:outbox:delivered',
  deleting: 'nestjs-database:outbox:deleting',
  deleted: 'nestjs-database:outbox:deleted',
  failed: 'nestjs-database:outbox:failed',
  dead: 'nestjs-database:outbox:dead',
  unhandled: 'nestjs-database:outbox:unhandled',
  slots: 'nestjs-database:outbox:slots',
} as const;

const channels = {
  writing: channel(OUTBOX_CHANNELS.writing),
  written: channel(OUTBOX_CHANNELS.written),
  claimed: channel(OUTBOX_CHANNELS.claimed),
  delivering: channel(OUTBOX_CHANNELS.delivering),
  delivered: channel(OUTBOX_CHANNELS.delivered),
  deleting: channel(OUTBOX_CHANNELS.deleting),
  deleted: channel(OUTBOX_CHANNELS.deleted),
  failed: channel(OUTBOX_CHANNELS.failed),
  dead: channel(OUTBOX_CHANNELS.dead),
  unhandled: channel(OUTBOX_CHANNELS.unhandled),
  slots: channel(OUTBOX_CHANNELS.slots),
};

/** What each channel carries. */
interface OutboxEvents {
  readonly writing: OutboxMessageEvent;
  readonly written: OutboxMessageEvent;
  readonly claimed: OutboxMessageEvent;
  readonly delivering: OutboxMessageEvent;
  readonly delivered: OutboxMessageEvent;
  readonly deleting: OutboxDeletionEvent;
  readonly deleted: OutboxDeletionEvent;
  readonly failed: OutboxFailureEvent;
  readonly dead: OutboxFailureEvent;
  readonly unhandled: OutboxUnhandledEvent;
  readonly slots: OutboxSlotsEvent;
}

/** Costs next to nothing without subscribers: the event is not even made. */
export function publishOutbox<Name extends keyof OutboxEvents>(
  name: Name,
  event: () => OutboxEvents[Name],
): void {
  if (channels[name].hasSubscribers) channels[name].publish(event());
}
