import { untilAborted } from '../common/abort.js';
import { fullJitter } from '../common/backoff.js';
import { PermanentError } from '../errors/permanent.error.js';
import type { DeliveredMessages } from './delivered-messages.js';
import type { OutboxMessage, OutboxSink } from './outbox-sink.port.js';
import type { OutboxStore, OwnedSlot, PendingMessage } from './outbox-store.js';
import { OutboxTimeoutError } from './outbox.errors.js';
import { publishOutbox } from './outbox.events.js';
import type { ResolvedOutboxOptions } from './outbox.options.js';

const MAX_ERROR_LENGTH = 1_000;

/** What every lane needs. */
export interface LaneSettings {
  readonly connection: string;
  readonly store: OutboxStore;
  readonly delivered: DeliveredMessages;
  readonly options: ResolvedOutboxOptions;
  /** Whether the slot is this instance's, and the application is not closing. */
  readonly mayGoOn: (slot: OwnedSlot) => boolean;
  readonly warn: (line: string) => void;
}

/** What came of a lane. */
export interface LaneResult {
  /** When its key may be tried again, in milliseconds from now; undefined where nothing has failed. */
  readonly retryMs?: number;
}

/** The messages of one key, delivered one after the other until one fails; or one message without a key. */
export class OutboxLane {
  /** There may be more than was read. */
  again = false;
  private readonly controller = new AbortController();

  constructor(
    readonly slot: OwnedSlot,
    private readonly sink: OutboxSink,
    private readonly settings: LaneSettings,
  ) {}

  /** Gives up what runs; it counts as if it had not begun. */
  abort(reason: Error): void {
    this.controller.abort(reason);
  }

  /** Resolves when the messages that were delivered are deleted. */
  async run(messages: readonly PendingMessage[]): Promise<LaneResult> {
    const deletions: Promise<void>[] = [];
    let result: LaneResult = {};
    for (const message of messages) {
      const failure = await this.deliver(message);
      if (failure === 'stopped') break;
      if (failure === undefined) {
        deletions.push(this.settings.delivered.delete(message));
        continue;
      }
      result = await this.fail(message, failure.error);
      break;
    }
    await Promise.all(deletions);
    return result;
  }

  private async deliver(
    message: PendingMessage,
  ): Promise<'stopped' | { readonly error: unknown } | undefined> {
    const { connection, mayGoOn, options } = this.settings;
    if (!mayGoOn(this.slot)) return 'stopped';
    const { id, topic, key } = message;
    const attempt = new AbortController();
    const stop = () => {
      attempt.abort(this.controller.signal.reason);
    };
    const timer = setTimeout(() => {
      attempt.abort(new OutboxTimeoutError(topic, options.timeoutMs));
    }, options.timeoutMs);
    timer.unref();
    this.controller.signal.addEventListener('abort', stop, { once: true });
    try {
      publishOutbox('delivering', () => ({ connection, id, topic, key }));
      const { signal } = attempt;
      const delivery = (async () => await this.sink.deliver(toMessage(message), { signal }))();
      await untilAborted(delivery, signal);
      publishOutbox('delivered', () => ({ connection, id, topic, key }));
      return undefined;
    } catch (error) {
      return this.controller.signal.aborted ? 'stopped' : { error };
    } finally {
      clearTimeout(timer);
      this.controller.signal.removeEventListener('abort', stop);
    }
  }

  private async fail(message: PendingMessage, error: unknown): Promise<LaneResult> {
    const { connection, store, options, warn } = this.settings;
    const { id, topic, key, seq } = message;
    const attempt = message.attempts + 1;
    const failure = { slot: this.slot, seq, error: describe(error) };
    if (error instanceof PermanentError || attempt >= options.attempts) {
      await store.bury(failure);
      warn(
        `A message of the topic ${topic} has become a dead letter (id=${id}, attempts=${attempt}, ${nameOf(error)}).`,
      );
      publishOutbox('dead', () => ({ connection, id, topic, key, attempt, delayMs: undefined, error }));
      this.again = true;
      return {};
    }
    const delayMs = fullJitter(attempt, { ...options, factor: 2 });
    await store.postpone(failure, delayMs);
    publishOutbox('failed', () => ({ connection, id, topic, key, attempt, delayMs, error }));
    return { retryMs: delayMs };
  }
}

function toMessage(message: PendingMessage): OutboxMessage {
  const { id, topic, key, payload, headers, createdAt, attempts } = message;
  return {
    id,
    topic,
    key,
    payload: JSON.parse(payload) as unknown,
    headers: JSON.parse(headers) as Readonly<Record<string, string>>,
    createdAt,
    attempt: attempts + 1,
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Kept beside the message, for whoever has to decide about it; never logged, as it may quote the message. */
function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll('\0', '').slice(0, MAX_ERROR_LENGTH);
}
