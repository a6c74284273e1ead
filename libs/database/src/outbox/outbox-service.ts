import { randomUUID } from 'node:crypto';
import type { Notifications } from '../library-schema/notifications.port.js';
import type { SqlExecutor } from '../query/sql-executor.port.js';
import type { TransactionManager } from '../transaction/transaction-manager.js';
import { OutboxAdmin } from './outbox-admin.js';
import type { OutboxServices } from './outbox-sink.port.js';
import { OutboxStore } from './outbox-store.js';
import { MESSAGE_CHANNEL, OutboxSweeper } from './outbox-sweeper.js';
import { OutboxWriter } from './outbox-writer.js';
import { Outbox } from './outbox.js';
import type { ResolvedOutboxOptions } from './outbox.options.js';
import { SinkRegistry } from './sink-registry.js';

/** What the outbox of one connection stands on. */
export interface OutboxServiceSettings {
  readonly connection: string;
  /** Holds the tables. */
  readonly schema: string;
  readonly options: ResolvedOutboxOptions;
  readonly executor: SqlExecutor;
  readonly transactions: TransactionManager;
  readonly notifications: Notifications;
  readonly services: OutboxServices;
  readonly warn: (line: string) => void;
}

/** The parts of the outbox of one connection, put together. */
export class OutboxService {
  readonly outbox: Outbox;
  readonly admin: OutboxAdmin;
  /** Of the options; handlers are added before the start. */
  readonly sinks: SinkRegistry;
  private readonly sweeper: OutboxSweeper | undefined;

  /** @throws {@link InvalidOptionsError} for a sink that needs what the connection does not have */
  constructor(settings: OutboxServiceSettings) {
    const { connection, schema, options, executor, transactions, notifications, services, warn } = settings;
    this.sinks = new SinkRegistry(options.sinks, services);
    if (options.deliver) {
      const store = new OutboxStore(executor, schema, randomUUID());
      this.sweeper = new OutboxSweeper({ connection, store, options, notifications, warn });
    }
    const { sweeper } = this;
    const wake = (slot: number) => {
      // What is swept here needs no word to the others.
      if (sweeper?.owns(slot) === true) sweeper.wake();
      else notifications.notify(MESSAGE_CHANNEL);
    };
    const writer = new OutboxWriter(connection, schema, options.dedupRetentionMs);
    const parts = { connection, transactions, writer, wake };
    this.outbox = new Outbox(parts);
    this.admin = new OutboxAdmin({ schema, executor, transactions, outbox: parts });
  }

  /** Begins to deliver, where this instance does. */
  start(): void {
    this.sweeper?.start(this.sinks);
  }

  /** Begins nothing new. */
  beginStop(): void {
    this.sweeper?.beginStop();
  }

  /** Waits for what runs, gives it up after `limitMs`, and leaves the rest to others. Never rejects. */
  async stop(limitMs: number): Promise<void> {
    await this.sweeper?.stop(limitMs);
  }
}
