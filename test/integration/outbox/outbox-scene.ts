import { afterEach, beforeEach } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  openDatabase,
  type DatabaseModuleOptions,
  type NewOutboxMessage,
  type OpenDatabase,
  type OutboxDeliveryContext,
  type OutboxMessage,
  type OutboxOptions,
} from '../../../libs/database/src/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

/** Long enough that nothing in a test happens because of it. */
export const NEVER_MS = 3_600_000;

/** Keeps what it is given, and does with it what the test says. */
export class RecordingSink {
  readonly received: OutboxMessage[] = [];
  /** What happens to a message after it was noted. */
  onMessage: (message: OutboxMessage, context: OutboxDeliveryContext) => unknown = () => undefined;

  readonly deliver = (message: OutboxMessage, context: OutboxDeliveryContext): unknown => {
    this.received.push(message);
    return this.onMessage(message, context);
  };

  get payloads(): unknown[] {
    return this.received.map(({ payload }) => payload);
  }

  /** Waits for so many messages. */
  async have(count: number, timeoutMs = 30_000): Promise<OutboxMessage[]> {
    await until(() => this.received.length >= count, timeoutMs);
    if (this.received.length !== count)
      throw new Error(`${this.received.length} messages came, and not ${count}.`);
    return this.received;
  }
}

/** One database, and instances of an application with an outbox on it. */
export class OutboxScene {
  private readonly opened: OpenDatabase[] = [];
  private readonly last: (() => Promise<unknown>)[] = [];

  private constructor(readonly database: TestDatabase) {}

  static async create(): Promise<OutboxScene> {
    return new OutboxScene(await createTestDatabase());
  }

  /** Polls so rarely that only wake-ups count, unless `outbox` says otherwise. */
  async open(
    outbox: OutboxOptions = {},
    options: Partial<DatabaseModuleOptions> = {},
  ): Promise<OpenDatabase> {
    const database = await openDatabase({
      client: PrismaClient,
      url: this.database.url,
      redis: false,
      env: false,
      pool: { min: 0, max: 4 },
      outbox: { pollMs: NEVER_MS, leaseMs: 2_000, initialDelayMs: 0, ...outbox },
      ...options,
    });
    this.opened.push(database);
    return database;
  }

  /** Has something else end with the scene, after its instances and before its database. */
  endWith(end: () => Promise<unknown>): void {
    this.last.push(end);
  }

  /** Only writes. */
  writer(options: Partial<DatabaseModuleOptions> = {}): Promise<OpenDatabase> {
    return this.open({ deliver: false }, options);
  }

  pending(): Promise<{ topic: string; key: string | null; attempts: number }[]> {
    return this.database.query(
      'SELECT topic, key, attempts FROM nestjs_database.outbox_message ORDER BY seq',
    );
  }

  /** Waits until nothing is pending. */
  async drained(timeoutMs = 30_000): Promise<void> {
    if (await until(async () => (await this.pending()).length === 0, timeoutMs)) return;
    throw new Error(`Still pending: ${JSON.stringify((await this.pending()).slice(0, 10))}`);
  }

  slots(): Promise<{ owner: string | null; count: number }[]> {
    return this.database.query(
      'SELECT owner, count(*)::int AS count FROM nestjs_database.outbox_slot GROUP BY owner ORDER BY count',
    );
  }

  async end(): Promise<void> {
    for (const database of this.opened.splice(0)) await database.close();
    for (const end of this.last.splice(0)) await end();
    await this.database.drop();
  }
}

/** A scene of its own for each test. */
export function useOutbox(take: (scene: OutboxScene) => void): void {
  let scene: OutboxScene | undefined;
  beforeEach(async () => {
    Logger.overrideLogger(false);
    scene = await OutboxScene.create();
    take(scene);
  });
  afterEach(async () => {
    await scene?.end();
  });
}

/** Writes messages in one transaction. */
export function write(database: OpenDatabase, ...messages: NewOutboxMessage[]): Promise<string[]> {
  return database.transactions.run(() =>
    Promise.resolve(messages.map((message) => database.outbox.add(message))),
  );
}
