import { fullJitter } from '../common/backoff.js';
import { Bell } from '../common/bell.js';
import { publishOutbox } from './outbox.events.js';
import type { OutboxStore, PendingMessage } from './outbox-store.js';

const SCHEDULE = { initialDelayMs: 50, maxDelayMs: 1_000, factor: 2 };

/** Deletes what was delivered: all that comes together in one statement, and again where that fails. */
export class DeliveredMessages {
  private waiting: { readonly message: PendingMessage; readonly done: () => void }[] = [];
  private running: Promise<void> | undefined;
  private givenUp = false;
  private readonly bell = new Bell();

  constructor(
    private readonly connection: string,
    private readonly store: OutboxStore,
  ) {}

  /** Resolves when the message is deleted, or that was given up: it is then delivered again. */
  delete(message: PendingMessage): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ message, done: resolve });
      this.running ??= this.run();
    });
  }

  /** Lets what cannot be deleted now be, as the instance closes. */
  giveUp(): void {
    this.givenUp = true;
    this.bell.ring();
  }

  private async run(): Promise<void> {
    const { connection } = this;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0);
      const messages = batch.map(({ message }) => message);
      const event = () => ({ connection, ids: messages.map(({ id }) => id) });
      publishOutbox('deleting', event);
      if (await this.tryUntilDone(messages)) publishOutbox('deleted', event);
      for (const { done } of batch) done();
    }
    this.running = undefined;
  }

  private async tryUntilDone(messages: readonly PendingMessage[]): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.store.deleteDelivered(messages);
        return true;
      } catch {
        // The beat says that the database is away.
        if (this.givenUp) return false;
        await this.bell.wait(Math.max(10, fullJitter(attempt, SCHEDULE)));
      }
    }
  }
}
