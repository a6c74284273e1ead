import { DatabaseError } from '../errors/database.error.js';
import { publishOutbox } from './outbox.events.js';

/** What a sweeper tells people: each thing once, as its loop may run for hours. */
export class SweepReports {
  private readonly unhandledTopics = new Set<string>();
  private lastFailure = '';

  constructor(
    private readonly connection: string,
    private readonly warn: (line: string) => void,
  ) {}

  /** Nobody here delivers the topic. */
  unhandled(topic: string): void {
    if (this.unhandledTopics.has(topic)) return;
    this.unhandledTopics.add(topic);
    const { connection } = this;
    this.warn(
      `There are messages of the topic ${topic} in the outbox, and nobody here delivers them; they stay. Give it a sink, or let ` +
        'only instances that have one deliver (`outbox.deliver`).',
    );
    publishOutbox('unhandled', () => ({ connection, topic }));
  }

  failed(error: unknown): void {
    const reason = error instanceof DatabaseError ? error.message : 'An unexpected failure.';
    if (reason === this.lastFailure) return;
    this.lastFailure = reason;
    this.warn(`The outbox waits, and tries again: ${reason}`);
  }

  /** The next failure is news, even if it is the same. */
  succeeded(): void {
    this.lastFailure = '';
  }
}
