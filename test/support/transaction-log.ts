import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  translateError,
  TRANSACTION_CHANNELS,
  type TransactionEndEvent,
  type TransactionRetryEvent,
} from '../../libs/database/src/index.js';

/** What transactions tell of their ends and repetitions, from its creation until it is closed. */
export class TransactionLog {
  readonly retries: TransactionRetryEvent[] = [];
  readonly ends: TransactionEndEvent[] = [];
  private readonly noteRetry = (event: unknown) => void this.retries.push(event as TransactionRetryEvent);
  private readonly noteEnd = (event: unknown) => void this.ends.push(event as TransactionEndEvent);

  constructor() {
    subscribe(TRANSACTION_CHANNELS.retry, this.noteRetry);
    subscribe(TRANSACTION_CHANNELS.end, this.noteEnd);
  }

  /** Why transactions were repeated; each reason once. */
  get codes(): string[] {
    return [...new Set(this.retries.map(({ error }) => translateError(error).code))];
  }

  get committed(): number {
    return this.ends.filter(({ outcome }) => outcome === 'committed').length;
  }

  close(): void {
    unsubscribe(TRANSACTION_CHANNELS.retry, this.noteRetry);
    unsubscribe(TRANSACTION_CHANNELS.end, this.noteEnd);
  }
}
