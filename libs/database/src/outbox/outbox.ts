import { TimeOrderedIds } from '../common/time-ordered-ids.js';
import { addToCommit } from '../transaction/commit-tail.js';
import type { TransactionManager } from '../transaction/transaction-manager.js';
import { checkMessage, type CheckedMessage, type NewOutboxMessage } from './new-outbox-message.js';
import { slotOf, type OutboxRow, type OutboxWriter } from './outbox-writer.js';
import { publishOutbox } from './outbox.events.js';

/** What {@link Outbox} stands on. */
export interface OutboxParts {
  readonly connection: string;
  readonly transactions: TransactionManager;
  readonly writer: OutboxWriter;
  /** There is something new in this slot. */
  readonly wake: (slot: number) => void;
}

/**
 * Messages that are written in a transaction, and delivered once it is committed: at least once, and never where it is
 * rolled back.
 *
 * @public
 */
export class Outbox {
  private readonly parts: OutboxParts;
  private readonly ids = new TimeOrderedIds();

  /**
   * Opaque, as the parts are no part of the public surface.
   *
   * @internal
   */
  constructor(parts: object) {
    this.parts = parts as OutboxParts;
  }

  /**
   * Adds a message to the caller's transaction. It is written in the same write as COMMIT, and costs no round trip; messages
   * of one transaction keep their order. What a `NESTED` part has added goes with it when that is rolled back.
   *
   * @returns the message's id. Where `dedupKey` keeps it from being written, no message will have it
   * @throws {@link TransactionRequiredError} outside of any transaction
   * @throws {@link TransactionScopeClosedError} when the transaction has ended
   * @throws {@link ValidationError} for a payload that is no JSON, and for whatever else is wrong with the message
   */
  add(message: NewOutboxMessage): string {
    const id = this.ids.next();
    writeMessage(this.parts, checkMessage(message), id);
    return id;
  }
}

/** What the library's own parts need of an outbox beside its facade. */
export function outboxParts(outbox: Outbox): OutboxParts {
  // Private to its users, and not to the library.
  return outbox['parts'];
}

/** Adds a message that has its id already to the caller's transaction. */
export function writeMessage(
  parts: OutboxParts,
  message: CheckedMessage,
  id: string,
  createdAt?: Date,
): void {
  const { topic, key } = message;
  const slot = slotOf(topic, key, id);
  const row: OutboxRow = { ...message, id, slot, ...(createdAt !== undefined && { createdAt }) };
  addToCommit(parts.transactions, 'Outbox.add', parts.writer, row);
  parts.transactions.afterCommit(() => {
    messageWritten(parts, row);
  });
}

/** A message is committed: tells so, and wakes whoever delivers it. */
export function messageWritten(
  { connection, wake }: Pick<OutboxParts, 'connection' | 'wake'>,
  { id, topic, key, slot }: OutboxRow,
): void {
  publishOutbox('written', () => ({ connection, id, topic, key }));
  wake(slot);
}
