/**
 * A message as a sink gets it.
 *
 * @public
 */
export interface OutboxMessage {
  /** The same at every delivery: by it a receiver tells a repetition. Ids sort by the time they were made. */
  readonly id: string;
  /** What it is about. */
  readonly topic: string;
  /** Messages of one topic and key come in the order in which their transactions were committed; null where it has none. */
  readonly key: string | null;
  /** As it was given, out of JSON. */
  readonly payload: unknown;
  /** As they were given; empty where there were none. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was committed, within a moment. */
  readonly createdAt: Date;
  /** Which attempt at it this is, counted from 1; a process that dies leaves its own uncounted. */
  readonly attempt: number;
}

/**
 * What a sink is told beside the message.
 *
 * @public
 */
export interface OutboxDeliveryContext {
  /** Aborted when the time is up, when the application closes, or when another instance has taken over. */
  readonly signal: AbortSignal;
}

/**
 * Delivers one message; what it throws makes the message be repeated, `PermanentError` makes it a dead letter.
 *
 * @public
 */
export type OutboxDeliver = (message: OutboxMessage, context: OutboxDeliveryContext) => unknown;

/**
 * Where messages go.
 *
 * @public
 */
export interface OutboxSink {
  /**
   * Resolves once the message has arrived for good. It may be called again with the same id: after a crash, a lost answer,
   * or where it took longer than `outbox.timeoutMs`.
   */
  deliver: OutboxDeliver;
}

/** Appends to streams, as Redis has them. */
export interface OutboxStreams {
  /** @param maxLength - how many entries are kept, about; undefined keeps all */
  append(
    stream: string,
    fields: readonly (readonly [string, string])[],
    maxLength: number | undefined,
  ): Promise<unknown>;
}

/** What a connection has for its sinks. */
export interface OutboxServices {
  /** Undefined where Redis is switched off. */
  readonly streams: OutboxStreams | undefined;
}

/**
 * A sink that needs something of the connection it is used on; made by {@link redisStreamSink}.
 *
 * @public
 */
export abstract class OutboxSinkSource {
  /**
   * Opaque, as what a connection has for its sinks is no part of the public surface.
   *
   * @internal
   */
  abstract open(topic: string, services: object): OutboxSink;
}
