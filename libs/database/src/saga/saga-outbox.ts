import { TimeOrderedIds } from '../common/time-ordered-ids.js';
import { messageWritten, outboxParts, type Outbox, type OutboxParts } from '../outbox/outbox.js';
import { slotOf, type OutboxRow } from '../outbox/outbox-writer.js';
import { publishOutbox } from '../outbox/outbox.events.js';
import { addToCommit } from '../transaction/commit-tail.js';
import type { TailStatement } from '../transaction/transaction-session.port.js';
import { toErrorRecord } from './error-record.js';
import type { SagaEvent, SagaEventName } from './saga-event.js';
import type { StepEntry, Transition } from './saga-journal.port.js';
import type { SagaState } from './saga-state.js';

/** Which saga something is about. */
export interface SagaIdentity {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
}

/** An event without what all of a saga have in common. */
export interface SagaNews {
  readonly event: SagaEventName;
  readonly state: SagaState;
  readonly step?: string | undefined;
  readonly direction?: SagaEvent['direction'];
  readonly attempt?: number;
  readonly error?: unknown;
}

/**
 * Puts the events of sagas into the outbox of their connection. They are written by whatever writes what they tell of: by the
 * same statement, or in front of the same COMMIT. All of a saga have one key, so they are delivered in the order of the
 * commits, whoever has written them: its owner, the branches of a group at the same time, or an operator.
 */
export class SagaOutbox {
  private readonly parts: OutboxParts;
  private readonly ids = new TimeOrderedIds();

  constructor(
    outbox: Outbox,
    private readonly topic: string,
  ) {
    this.parts = outboxParts(outbox);
  }

  /** @param saga - without `id` and `version`, where the statement that writes it adds them */
  message(
    { name, key, ...rest }: Pick<SagaIdentity, 'name' | 'key'> & Partial<SagaIdentity>,
    { event, state, step, direction, attempt, error }: SagaNews,
  ): OutboxRow {
    const id = this.ids.next();
    const place = `${name}:${key}`;
    const payload: Omit<SagaEvent, 'id' | 'version'> & Partial<SagaEvent> = {
      saga: name,
      key,
      ...rest,
      event,
      state,
      at: new Date().toISOString(),
      ...(step !== undefined && { step }),
      ...(direction !== undefined && { direction }),
      ...(attempt !== undefined && { attempt }),
      ...(error !== undefined && { error: nameOf(error) }),
    };
    return {
      id,
      topic: this.topic,
      key: place,
      slot: slotOf(this.topic, place, id),
      payload: JSON.stringify(payload),
      headers: '{}',
      dedupKey: null,
      delayMs: 0,
    };
  }

  /** A statement that writes the message is about to be sent. */
  writing({ id, topic, key }: OutboxRow): void {
    publishOutbox('writing', () => ({ connection: this.parts.connection, id, topic, key }));
  }

  /** The message is committed. */
  written(message: OutboxRow): void {
    messageWritten(this.parts, message);
  }

  /** For a tail of their own saga: they come last, so that nobody who waits for their key has what its holder needs. */
  statements(messages: readonly OutboxRow[]): readonly TailStatement[] {
    return this.parts.writer.statements(messages);
  }

  /** With the caller's transaction. */
  add(message: OutboxRow): void {
    addToCommit(this.parts.transactions, 'An event of a saga', this.parts.writer, message);
    this.parts.transactions.afterCommit(() => {
      this.written(message);
    });
  }
}

/** What an entry of the journal tells. */
export function newsOfStep({ step, direction, state, attempt, error }: StepEntry): SagaNews {
  const common = { step, direction, attempt, error };
  if (direction === 'do') return { ...common, event: `step-${state}`, state: 'running' };
  const event = state === 'started' ? 'step-started' : state === 'done' ? 'undone' : 'undo-failed';
  return { ...common, event, state: 'compensating' };
}

/** What the step of a saga to another state tells. */
export function newsOfMove({ to, step, error }: Transition): SagaNews {
  return { event: to as Exclude<SagaState, 'running'>, state: to, step, error };
}

function nameOf(error: unknown): NonNullable<SagaEvent['error']> {
  const { name, code } = toErrorRecord(error);
  return { name, ...(code !== undefined && { code }) };
}
